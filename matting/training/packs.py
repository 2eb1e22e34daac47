"""What is learnt from, made small: photos with their teachers' word, backdrops and cut-outs.

A pack is a folder of JPEG and PNG files that travels to where the training runs. Making one
needs the photos and the teachers; reading one needs OpenCV and PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matting.training.compose import Figures

Bytes = NDArray[np.uint8]

_NO_SUBSAMPLING = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A figure freed of its background, cropped, and squeezed into a square."""

    colours: Bytes
    """(side, side, 3) RGB."""
    alpha: Bytes
    """(side, side)."""
    aspect: float
    """Width / height before squeezing."""
    cut: bool
    """It ends at the photo's lower rim."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Photos of people with what the teachers say of them; uint8, squeezed to squares."""

    pictures: Tensor
    """(count, 3, side, side) RGB."""
    labels: Tensor
    """(count, 3, 256, 256): selfie at the whole, the engine's search, U2Net-P."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """All of one part: what is learnt from, or what chooses between checkpoints."""

    figures: Figures
    beasts: Figures
    backdrops: Tensor
    people: Labelled


def read(folder: Path, part: str, device: torch.device) -> Pack:
    """Load what ``write`` wrote of one part onto a device.

    Args:
        folder: the pack.
        part: "learn" or "choose".
        device: where the pictures shall lie.
    """
    return Pack(
        _figures(folder / part / "figures", device),
        _figures(folder / "learn" / "beasts", device),
        _pictures(sorted((folder / part / "empty").glob("*.jpg")), device),
        _labelled(folder / part, device),
    )


def read_figures(folder: Path, device: torch.device) -> tuple[Figures, Tensor]:
    """The cut-outs and the backdrops of one part of a pack."""
    backdrops = _pictures(sorted((folder / "empty").glob("*.jpg")), device)
    return _figures(folder / "figures", device), backdrops


def _labelled(folder: Path, device: torch.device) -> Labelled:
    paths = sorted((folder / "people").glob("*.jpg"))
    labels = [folder / "labels" / f"{path.stem}.jpg" for path in paths]
    names = tuple(path.stem for path in paths)
    return Labelled(_pictures(paths, device), _pictures(labels, device), names)


def _figures(folder: Path, device: torch.device) -> Figures:
    facts = json.loads((folder / "facts.json").read_text())
    names = sorted(facts)
    colours = _pictures([folder / f"{name}.jpg" for name in names], device)
    alpha = _pictures([folder / f"{name}.png" for name in names], device)[:, :1]
    aspect = torch.tensor([facts[name]["aspect"] for name in names], device=device)
    cut = torch.tensor([facts[name]["cut"] for name in names], device=device)
    return Figures(colours, alpha.contiguous(), aspect, cut)


def _pictures(paths: Sequence[Path], device: torch.device) -> Tensor:
    with ThreadPoolExecutor() as pool:
        pictures = list(pool.map(_loaded, paths))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().to(device)


def _loaded(path: Path) -> Bytes:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(f"{path} is missing, or is no picture")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def put_photo(picture: Bytes, path: Path, side: int, quality: int = 72) -> None:
    """Write a photo squeezed to a square; ``picture`` is RGB."""
    square = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    _write(path.with_suffix(".jpg"), cv2.cvtColor(square, cv2.COLOR_RGB2BGR), quality)


def put_label(opinions: Bytes, path: Path) -> None:
    """Write what three teachers say, (256, 256, 3), colours unmixed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = [cv2.IMWRITE_JPEG_QUALITY, 88, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _NO_SUBSAMPLING]
    cv2.imwrite(str(path), opinions, whole)


def cut_out(picture: Bytes, alpha: NDArray[np.float32], side: int) -> Cut | None:
    """A figure freed of its background, cropped and squeezed.

    Args:
        picture: (height, width, 3) RGB.
        alpha: (height, width), 0..1.
        side: of the square that it becomes.

    Returns:
        The figure, or None if there is nobody.
    """
    rows, columns = np.nonzero((alpha > 0.1).any(1))[0], np.nonzero((alpha > 0.1).any(0))[0]
    if len(rows) < 32 or len(columns) < 16:
        return None
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    colours = unmixed(picture, alpha)[box]
    size = (side, side)
    return Cut(
        cv2.resize(colours, size, interpolation=cv2.INTER_AREA),
        (cv2.resize(alpha[box], size, interpolation=cv2.INTER_AREA) * 255 + 0.5).astype(np.uint8),
        float(colours.shape[1] / colours.shape[0]),
        bool(rows[-1] >= len(alpha) - 3),
    )


def unmixed(picture: Bytes, alpha: NDArray[np.float32]) -> Bytes:
    """The figure's own colours, also where the background shines through.

    After Forte 2021, "Approximate Fast Foreground Colour Estimation": means of the near figure and
    the near background, and what they leave unexplained, twice.

    Args:
        picture: (height, width, 3) RGB.
        alpha: (height, width), 0..1.

    Returns:
        (height, width, 3) RGB; where alpha is 0 the colour of the figure nearby.
    """
    image, cover = picture.astype(np.float32) / 255, alpha[..., None]
    figure = ground = image
    for reach in (max(picture.shape[:2]) // 8 | 1, 7):
        size = (reach, reach)
        near = cv2.blur(alpha, size)[..., None]
        mean = cv2.blur(figure * cover, size) / (near + 1e-5)
        ground = cv2.blur(ground * (1 - cover), size) / (1 - near + 1e-5)
        figure = mean + cover * (image - cover * mean - (1 - cover) * ground)
    return (np.clip(figure, 0, 1) * 255 + 0.5).astype(np.uint8)


def put_figures(cuts: Iterable[tuple[str, Cut]], folder: Path) -> int:
    """Write cut-outs with their facts; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {}
    for name, cut in cuts:
        _write(folder / f"{name}.jpg", cv2.cvtColor(cut.colours, cv2.COLOR_RGB2BGR), 88)
        cv2.imwrite(str(folder / f"{name}.png"), cut.alpha)
        facts[name] = {"aspect": cut.aspect, "cut": cut.cut}
    (folder / "facts.json").write_text(json.dumps(facts, indent=0, sort_keys=True))
    return len(facts)


def cuts(folder: Path) -> Iterator[tuple[str, Cut]]:
    """The cut-outs of a folder with their names, read back."""
    facts = json.loads((folder / "facts.json").read_text())
    for name, fact in sorted(facts.items()):
        alpha = _loaded(folder / f"{name}.png")[..., 0]
        colours = _loaded(folder / f"{name}.jpg")
        yield name, Cut(colours, alpha, float(fact["aspect"]), bool(fact["cut"]))


def _write(path: Path, picture: Bytes, quality: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
