"""Rectangles in pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; the corner is the upper left one."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, factor: float) -> Box:
        """The same box in a picture that is ``factor`` times as large."""
        return Box(*(factor * v for v in (self.x, self.y, self.width, self.height)))

    def of(self, window: Box) -> Box:
        """This box, told in shares of a window's sides, in the window's own unit."""
        left, top = window.x + self.x * window.width, window.y + self.y * window.height
        return Box(left, top, self.width * window.width, self.height * window.height)

    def clipped(self, width: int, height: int) -> Box:
        """The part of the box inside a picture of that size."""
        left, top = min(max(self.x, 0), width), min(max(self.y, 0), height)
        right, bottom = min(self.x + self.width, width), min(self.y + self.height, height)
        return Box(left, top, max(right - left, 0), max(bottom - top, 0))

    def distance(self, other: Box) -> float:
        """Between the centres, pixels."""
        return math.dist(self.centre, other.centre)
