"""Square windows of one size that cover a picture evenly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Scale(NamedTuple):
    """How large windows are and how near to each other."""

    side: float
    """As a share of the picture's short side."""
    step: float
    """Likewise, at most."""
    most: int
    """Windows. In a strip so long that there would be more, they lie wider apart along it."""


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

    def within(self, other: Window, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of a map of that (height, width) of another window, which it lies in."""
        left, top = max(0, self.left - other.left), max(0, self.top - other.top)
        inside = Window(left, top, self.width, self.height)
        return inside.in_map((other.height, other.width), shape)

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
