"""Square windows of several scales over a picture, and what was seen in them put together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.people.looks import Picture, squeezed
from matting.people.network import Network

Map = NDArray[np.float32]
"""(height, width) float32 probability, 0..1, at the size of the search's map."""

SCALES = ((1.0, 1 / 3), (0.6, 0.3), (0.4, 0.2))
"""Side of the windows, and the step between them, as shares of the picture's short side. With 0.4 a
standing figure that is a quarter of the picture high is still as large as the network wants it."""
_LEAST = 0.05
"""What a window counts at its own border, where people are cut off; 1 in its middle."""


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a picture, in whole pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        rows = slice(self.top, self.top + self.height)
        return rows, slice(self.left, self.left + self.width)

    def in_map(self, size: tuple[int, int], shape: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of a map of that (height, width), for a picture of that size."""
        rows = _scaled(self.top, self.height, shape[0] / size[0], shape[0])
        return rows, _scaled(self.left, self.width, shape[1] / size[1], shape[1])


def _scaled(start: int, length: int, factor: float, end: int) -> slice:
    first = min(round(start * factor), end - 1)
    return slice(first, max(first + 1, min(round((start + length) * factor), end)))


def windows(size: tuple[int, int], scale: float, step: float, most: int) -> list[Window]:
    """Windows of one scale that cover a picture evenly.

    Args:
        size: the picture's (height, width).
        scale: of SCALES.
        step: of SCALES.
        most: windows; where the picture is so long that there would be more, they lie wider
            apart along it.
    """
    short = min(size)
    side = max(1, round(short * scale))
    tops, lefts = (_starts(length, side, step * short) for length in size)
    if len(tops) * len(lefts) > most:
        across = min(len(tops), len(lefts))
        fewer = max(2, most // across)
        tops, lefts = ((s if len(s) == across else _even(s[-1], fewer)) for s in (tops, lefts))
    return [Window(left, top, side, side) for top in tops for left in lefts][:most]


def _starts(length: int, side: int, step: float) -> list[int]:
    return _even(length - side, 1 + math.ceil((length - side) / step - 1e-6))


def _even(last: int, count: int) -> list[int]:
    return [round(start) for start in np.linspace(0, last, count)]


def seen_in(picture: Picture, parts: list[Window], network: Network, shape: tuple[int, int]) -> Map:
    """The mean of what is seen in windows, each counting most in its middle; 0 where none is."""
    total, count = np.zeros(shape, np.float32), np.full(shape, 1e-6, np.float32)
    for part in parts:
        look = network.look(squeezed(picture[part.slices]))
        here = part.in_map(picture.shape[:2], shape)
        size = here[1].stop - here[1].start, here[0].stop - here[0].start
        weight = _taper(size[1], size[0])
        total[here] += weight * cv2.resize(look, size, interpolation=cv2.INTER_AREA)
        count[here] += weight
    return total / count


def _taper(rows: int, columns: int) -> Map:
    down, across = (_ramp(length) for length in (rows, columns))
    return np.outer(down, across).astype(np.float32)


def _ramp(length: int) -> NDArray[np.float64]:
    inside = (np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5) * (4 / length)
    return inside.clip(_LEAST, 1)
