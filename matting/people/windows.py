"""Square windows of several scales over a picture, and what was seen in them put together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.people.looks import Picture, squeezed
from matting.people.network import Network

Map = NDArray[np.float32]
"""(height, width) float32 probability, 0..1, at the size of the search's map."""


class Scale(NamedTuple):
    """How large windows are and how near to each other."""

    side: float
    """As a share of the picture's short side."""
    step: float
    """Likewise, at most."""
    most: int
    """Windows. In a strip so long that there would be more, they lie wider apart along it."""


SCALES = (Scale(1.0, 1 / 3, 6), Scale(0.6, 0.3, 16))
"""A third scale, of 0.4, found nobody more where the second network is asked, and took longer than
the others together."""
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

    def grown(self, reach: int, shape: tuple[int, ...]) -> Window:
        """With so many pixels more on each side, inside a picture of that (height, width)."""
        left, top = max(0, self.left - reach), max(0, self.top - reach)
        right = min(shape[1], self.left + self.width + reach)
        bottom = min(shape[0], self.top + self.height + reach)
        return Window(left, top, right - left, bottom - top)

    def in_map(self, size: tuple[int, int], shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of a map of that (height, width), for a picture of that size."""
        rows = _scaled(self.top, self.height, shape[0] / size[0], shape[0])
        return rows, _scaled(self.left, self.width, shape[1] / size[1], shape[1])


def _scaled(start: int, length: int, factor: float, end: int) -> slice:
    first = min(round(start * factor), end - 1)
    return slice(first, max(first + 1, min(round((start + length) * factor), end)))


def windows(size: tuple[int, int], scale: Scale) -> list[Window]:
    """Windows of one scale that cover a picture of that (height, width) evenly."""
    side = max(1, round(min(size) * scale.side))
    counts = [1 + math.ceil((length - side) / (scale.step * min(size)) - 1e-6) for length in size]
    short, long = sorted(counts)
    if short * long > scale.most:
        counts = [min(count, max(1, scale.most // short)) for count in counts]
    tops, lefts = (
        [round(start) for start in np.linspace(0, length - side, count)]
        for length, count in zip(size, counts, strict=True)
    )
    return [Window(left, top, side, side) for top in tops for left in lefts]


def seen_in(picture: Picture, parts: list[Window], network: Network, shape: tuple[int, int]) -> Map:
    """The mean of what is seen in windows, each counting most in its middle.

    Args:
        picture: (height, width, 3) uint8 sRGB.
        parts: windows that cover it.
        network: that looks, once into each.
        shape: the (height, width) of the answer.
    """
    total, count = np.zeros(shape, np.float32), np.full(shape, 1e-6, np.float32)
    size = picture.shape[0], picture.shape[1]
    for part in parts:
        here = part.in_map(size, shape)
        look = _resized(network.look(squeezed(picture[part.slices])), here)
        weight = np.outer(*(_ramp(length) for length in look.shape)).astype(np.float32)
        total[here] += weight * look
        count[here] += weight
    return total / count


def _resized(look: Map, here: tuple[slice, slice]) -> Map:
    extent = here[1].stop - here[1].start, here[0].stop - here[0].start
    smaller = extent[0] < look.shape[1]
    smooth = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(look, extent, interpolation=smooth), np.float32)


def _ramp(length: int) -> NDArray[np.float64]:
    """From little at the ends to 1 in the middle half."""
    inside = (np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5) * (4 / length)
    return inside.clip(_LEAST, 1)
