"""Which pixels have to be solved at each level, from the photo's own size to a single one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_WHOLE = 4096
"""Levels of no more pixels are solved everywhere: colours have to get to soft spots from afar."""
_BLOCK = np.ones((3, 3), np.uint8)


class Level(NamedTuple):
    """Some rows of a level: the pixels to solve, row by row."""

    first: int
    """Which row of the whole level ours begins with."""
    xs: NDArray[np.int32]
    """Columns."""
    starts: NDArray[np.int32]
    """(rows + 1,): where each row begins in ``xs``."""


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """A photo's levels; each takes every second pixel of the one below, the odd ones."""

    pixels: Pixels
    alpha: NDArray[np.uint16]
    masks: list[NDArray[np.uint8]]
    """Not 0 where a level's pixel is to be solved: soft ones, and those beside them."""
    rows: list[NDArray[np.int64]]
    """Which of the photo's rows stands for each of a level's."""
    columns: list[NDArray[np.int64]]

    @classmethod
    def of(cls, pixels: Pixels, alpha: NDArray[np.uint16]) -> Pyramid | None:
        """Make the levels; None where nothing is soft."""
        soft = cv2.inRange(alpha, 1, 65534)
        if not soft.any():
            return None
        masks = [_grown(soft)]
        rows, columns = ([np.arange(side)] for side in alpha.shape)
        while max(masks[-1].shape) > 1:
            masks.append(_halved(masks[-1]))
            for kept, side in zip((rows, columns), masks[-1].shape, strict=True):
                kept.append(kept[-1][np.minimum(2 * np.arange(side) + 1, len(kept[-1]) - 1)])
        return cls(pixels, alpha, masks, rows, columns)

    @property
    def top(self) -> int:
        """The level of a single pixel."""
        return len(self.masks) - 1

    def height(self, number: int) -> int:
        """Rows of a level."""
        return len(self.masks[number])

    def size(self, number: int) -> int:
        """Pixels of a level, to be solved or not."""
        return self.masks[number].size

    def counts(self) -> NDArray[np.int64]:
        """Pixels to solve at the photo's own size, row by row."""
        return (
            np.asarray(cv2.reduce(self.masks[0], 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S))[:, 0] // 255
        )

    def level(self, number: int, rows: slice) -> Level:
        """List the pixels of some rows of a level."""
        mask = self.masks[number][rows]
        flat = np.flatnonzero(mask != 0)  # several times as fast for booleans as for bytes
        height, width = mask.shape
        starts = np.searchsorted(flat, np.arange(height + 1) * width).astype(np.int32)
        return Level(rows.start, (flat % width).astype(np.int32), starts)


def _grown(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """And the eight neighbours of each pixel."""
    return np.asarray(cv2.dilate(mask, _BLOCK), np.uint8)


def _halved(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The next level's: what has a pixel to solve among its four, and the neighbours."""
    height, width = mask.shape
    even = cv2.copyMakeBorder(mask, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    size = even.shape[1] // 2, even.shape[0] // 2
    mean = cv2.resize(even, size, interpolation=cv2.INTER_AREA)
    if mean.size <= _WHOLE:
        return np.full_like(mean, 255, np.uint8)
    return _grown(np.asarray(cv2.threshold(mean, 0, 255, cv2.THRESH_BINARY)[1], np.uint8))
