"""Pictures to try the flags on: whose alpha is known, cut in two by person and by book."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SHARED = Path(__file__).resolve().parents[3] / "shared"
_TOOL = SHARED / "tools" / "compose_truth.py"

_SETS = {
    "composed": ("toddler,windswept,curly-grey,man-24mp,lincoln-1863,hayes-1870s", "1280", "1"),
    "composed-2": (
        "boy-scratched,couple-1912,girl-1870,inuit-woman-1903,musician-1867,seneca-1908",
        "1280",
        "2",
    ),
    "composed-3": ("", "1000", "3"),  # all twelve
}
"""Names, long side and seed of the pictures composed of the twelve persons with reference."""

_LIFTED = [
    "congress-modern-020909-8da0",
    "congress-modern-021104-4a67",
    "congress-modern-021370-5358",
    "congress-modern-021513-967f",
    "congress-modern-022157-cab9",
    "congress-old-003470-7b48",
    "congress-old-005142-c3bb",
    "congress-old-008856-02ef",
    "congress-old-008982-0e85",
    "deoldify-londonfirebrigademember1926-68cb",
    "pg14648-p1910-117-4eb1",
    "pg17289-066-l-dcdf",
    "pg17289-067-l-ef57",
    "pg19449-image28-d2f2",
    "pg22965-gs293-015b",
    "pg27367-basquette-069d",
    "pg27367-greenwood-8433",
    "pg28228-img032-6dfc",
]
"""Persons of books that none of the networks learnt from, whose mattes by the default engine are
clean by eye: lifted with these and composed anew, the same mattes are the truth."""

_TUNED_ON = (
    "hayes",
    "boy",
    "girl",
    "lincoln",
    "musician",
    "windswept",
    "congress-modern",
    "pg17289",
    "pg19449",
    "pg14648",
    "pg14363",
    "pg14715",
    "pg17121",
    "pg28015",
)
"""Persons and books that limits were set on; all others were set aside."""


class Case(NamedTuple):
    """A photo, and its true alpha where that is known; where it is None, nobody is in it."""

    name: str
    photo: Path
    truth: Path | None

    @property
    def tuned_on(self) -> bool:
        """Whether limits were set on it."""
        return self.name.startswith(_TUNED_ON)


def cases(folder: Path) -> dict[str, list[Case]]:
    """All of them, by set; what has to be composed goes below a folder, once."""
    found = {"with reference": list(_pairs(SHARED))}
    composed: list[Case] = []
    for name, (persons, side, seed) in _SETS.items():
        made = folder / name
        if not made.exists():
            given = [str(SHARED / "photos"), str(SHARED / "mattes"), str(made)]
            options = ["--names", persons, "--long-side", side, "--seed", seed]
            subprocess.run([sys.executable, str(_TOOL), *given, *options], check=True)
        composed += _pairs(made)
    found["composed"] = composed
    found["composed of books"] = list(_pairs(folder / "books"))
    empty = sorted((SHARED / "training" / "empty").glob("*"))[::4]
    found["nobody there"] = [Case(photo.stem, photo, None) for photo in empty]
    return found


def _pairs(folder: Path) -> Iterator[Case]:
    for truth in sorted((folder / "mattes").glob("*.png")):
        for photo in sorted((folder / "photos").glob(truth.stem + ".*")):
            yield Case(truth.stem, photo, truth)


def lifted() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Names and pictures (RGB) of the persons that have yet to be lifted."""
    for name in _LIFTED:
        picture = np.asarray(
            cv2.imread(str(SHARED / "training" / "people" / f"{name}.jpg")), np.uint8
        )
        yield name, np.ascontiguousarray(picture[..., ::-1])


def lift(folder: Path, persons: Iterator[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]) -> None:
    """Compose three pictures of each person: one of each age, backdrops taking turns.

    Args:
        folder: where photos/ and mattes/ go.
        persons: name, picture (RGB) and alpha.
    """
    sys.path.insert(0, str(_TOOL.parent))
    tool = importlib.import_module("compose_truth")  # a script beside the photos, if they are there
    from pymatting import estimate_foreground_ml  # noqa: PLC0415 - compiles when it is imported

    backdrops, ages = (
        (tool.studio, tool.painted, tool.garden),
        (
            tool.fresh,
            tool.sepia,
            tool.damaged,
        ),
    )
    for number, (name, picture, matte) in enumerate(persons):
        alpha = matte[..., None] / 255.0
        colours = estimate_foreground_ml(picture[..., ::-1] / 255.0, alpha[..., 0]).clip(0, 1)
        chance = np.random.default_rng([4, number])
        for turn, age in enumerate(ages):
            backdrop = backdrops[(number + turn) % len(backdrops)]
            behind = backdrop(chance, *alpha.shape[:2])
            aged = age(chance, alpha * colours + (1 - alpha) * behind)
            stem = f"{name}-{backdrop.__name__}-{age.__name__}.png"
            for kind, image in (("photos", aged * 255 + 0.5), ("mattes", matte)):
                (folder / kind).mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / kind / stem), np.clip(image, 0, 255).astype(np.uint8))
