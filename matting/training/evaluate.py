"""Every figure that is told of a coarse network, on the pictures that were kept aside.

Needs OpenCV and the photos; neither PyTorch nor onnxruntime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.training import sets

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Look = Callable[[Bytes], Floats]
"""(height, width, 3) uint8 RGB to alpha 0..1 of any size."""

_LONG_SIDE = 1024
"""At which photos with a reference are looked at, as the daemon does."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One picture's figures."""

    name: str
    overlap: float
    """Intersection over union at one half."""
    soft_error: float
    """Mean |error| where the true alpha is 0.03..0.97."""


def coarse(model: Path, side: int, *, mirrored: bool) -> Look:
    """A look of a network of ours or of Selfie Segmentation.

    Args:
        model: an ONNX or a TensorFlow Lite file, fed RGB / 255, squeezed to a square.
        side: of that square.
        mirrored: whether it also looks at the mirror image, and both are averaged.
    """
    lite = model.suffix == ".tflite"
    read = cv2.dnn.readNetFromTFLite if lite else cv2.dnn.readNetFromONNX
    network = read(str(model))

    def once(picture: Bytes) -> Floats:
        larger = min(picture.shape[:2]) > side
        smooth = cv2.INTER_AREA if larger else cv2.INTER_LINEAR
        square = cv2.resize(picture, (side, side), interpolation=smooth)
        network.setInput(cv2.dnn.blobFromImage(square, 1 / 255))
        return np.array(network.forward()[0, 0], np.float32)

    def twice(picture: Bytes) -> Floats:
        other = once(np.ascontiguousarray(picture[:, ::-1]))[:, ::-1]
        return np.asarray((once(picture) + other) / 2, np.float32)

    return twice if mirrored else once


def compared(alpha: Floats, truth: Floats, name: str) -> Figures:
    """Compare a matte, enlarged to the reference's size, with the reference, 0..1."""
    large = cv2.resize(alpha, (truth.shape[1], truth.shape[0]))
    said, true = large > 0.5, truth > 0.5
    either = int((said | true).sum())
    soft = (truth > 0.03) & (truth < 0.97)
    error = float(np.abs(large - truth)[soft].mean()) if soft.any() else 0.0
    return Figures(name, float((said & true).sum() / either) if either else 1.0, error)


def composed(folder: Path, look: Look) -> list[Figures]:
    """Of the composed pictures, as compose_truth.py writes them: photos/ and mattes/."""
    return [
        compared(look(_read(path)), _matte(folder / "mattes" / path.name), path.stem)
        for path in sorted((folder / "photos").glob("*.png"))
    ]


def photos(shared: Path, look: Look) -> list[Figures]:
    """Of the photos with a reference."""
    scores = []
    for path in sorted((shared / "mattes").glob("*.png")):
        picture = _read(next((shared / "photos").glob(f"{path.stem}.*")))
        scale = min(1.0, _LONG_SIDE / max(picture.shape[:2]))
        seen = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        scores.append(compared(look(seen), _matte(path), path.stem))
    return scores


def shares(shared: Path, folder: str, look: Look, part: sets.Part = "test") -> dict[str, float]:
    """How much of each picture is taken for a person."""
    names = sets.names(folder, part)
    found = (look(_read(shared / "training" / folder / name)) for name in names)
    return {name: float((alpha > 0.5).mean()) for name, alpha in zip(names, found, strict=True)}


def report(look: Look, shared: Path, composed_folder: Path) -> Iterator[str]:
    """All figures, a line each."""
    scores = composed(composed_folder, look)
    for age in ("", "fresh", "sepia", "damaged"):
        of_age = [score for score in scores if age in score.name]
        overlap = np.mean([score.overlap for score in of_age])
        soft = np.mean([score.soft_error for score in of_age])
        yield f"composed {age or 'all':8} IoU {overlap:.3f} soft edge {soft:.3f}"
    for score in sorted(scores, key=lambda one: one.overlap)[:6]:
        yield f"  worst: {score.name} {score.overlap:.3f}"
    scores = photos(shared, look)
    yield f"photos with reference IoU {np.mean([score.overlap for score in scores]):.3f}"
    for score in sorted(scores, key=lambda one: one.overlap)[:4]:
        yield f"  worst: {score.name} {score.overlap:.3f}"
    people, empty = (shares(shared, folder, look) for folder in ("people", "empty"))
    missed = [name for name, share in people.items() if share < 0.02]
    invented = [name for name, share in empty.items() if share > 0.05]
    yield f"people missed {len(missed) / len(people):.3f}: {' '.join(missed)}"
    yield f"empty invented {len(invented) / len(empty):.3f}: {' '.join(invented)}"


def _read(path: Path) -> Bytes:
    return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)


def _matte(path: Path) -> Floats:
    values = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.float32)
    return np.asarray(values / 255, np.float32)
