"""What the mattes of one photo are measured with; the same for every engine."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.bench import references
from daemon.bench.findings import Look, Score
from daemon.bench.measures import distance, shadow_accuracy, soft_error, soft_kept
from daemon.bench.subjects import Subject
from daemon.errors import MattedError
from daemon.imaging.colour import to_8_bit, to_srgb8
from daemon.imaging.decode import decode
from daemon.steps.view import Picture

CELL = (320, 400)
"""The most (width, height) in pixels that a picture on the contact sheet may have."""


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """A photo's look and, if it has a reference, where that waits on disk."""

    look: Look
    arrays: Path | None = None
    """An .npz with ``reference`` and ``light`` at that size: a hundred scans would fill memory."""

    def score(self, matte: NDArray[np.uint16]) -> Score | None:
        """Compare a matte of the photo's own size; None without a reference."""
        if self.arrays is None or self.look.compared_at is None:
            return None
        with np.load(self.arrays) as held:
            reference, light = held["reference"], held["light"]
        small = references.shrunk(matte, self.look.compared_at)
        return Score(
            **asdict(distance(small, reference)),
            soft_error=soft_error(small, reference),
            soft_kept=soft_kept(small, reference),
            shadow_accuracy=shadow_accuracy(small, reference, light),
        )

    def cell(self, matte: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """The matte for the contact sheet."""
        assert self.look.cell is not None
        height, width = self.look.cell.shape[:2]
        return to_8_bit(references.shrunk(matte, (width, height)))


def prepare(subject: Subject, scratch: Path, max_pixels: int) -> Yardstick:
    """Look at a photo and at its reference.

    Args:
        subject: the photo.
        scratch: a directory that outlives the yardstick.
        max_pixels: photos with more are refused.

    Raises:
        PhotoError: the photo cannot be read.
    """
    photo = to_srgb8(decode(Path(os.fsdecode(subject.source)), max_pixels=max_pixels))
    size = photo.shape[1], photo.shape[0]
    look = Look(subject.shown, size=size, cell=_small(photo))
    if subject.reference is None:
        return Yardstick(look)
    look = replace(look, reference=subject.reference.name)
    try:
        reference = references.read(subject.reference)
    except MattedError as error:
        return Yardstick(replace(look, note=f"not compared: {error}"))
    look = replace(look, reference_size=(reference.shape[1], reference.shape[0]))
    return _with_reference(look, photo, reference, scratch / f"{subject.number}.npz")


def _with_reference(
    look: Look, photo: Picture, reference: NDArray[np.uint16], arrays: Path
) -> Yardstick:
    assert look.size is not None
    assert look.reference_size is not None
    assert look.cell is not None
    size = references.common_size(look.size, look.reference_size)
    if size is None:
        note = f"not compared: the reference's shape is another one, {_by(look.reference_size)}"
        return Yardstick(replace(look, note=note))
    reference = references.shrunk(reference, size)
    light = cv2.cvtColor(_resized(photo, size), cv2.COLOR_RGB2GRAY)
    np.savez(arrays, reference=reference, light=light)
    height, width = look.cell.shape[:2]
    look = replace(
        look,
        compared_at=size,
        note=_scaled(look.size, look.reference_size, size),
        reference_cell=to_8_bit(references.shrunk(reference, (width, height))),
    )
    return Yardstick(look, arrays)


def _scaled(
    photo: tuple[int, int], reference: tuple[int, int], size: tuple[int, int]
) -> str | None:
    if photo == reference:
        return None
    what = "mattes" if size == reference else "the reference"
    return (
        f"{what} scaled down to compare at {_by(size)} (the other is {_by(max(photo, reference))})"
    )


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _small(photo: Picture) -> Picture:
    height, width = photo.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    return _resized(photo, (max(1, round(width * scale)), max(1, round(height * scale))))


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """At that (width, height); small photos are enlarged for the contact sheet."""
    enlarged = size[0] > picture.shape[1]
    smooth = cv2.INTER_CUBIC if enlarged else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size, interpolation=smooth), np.uint8)
