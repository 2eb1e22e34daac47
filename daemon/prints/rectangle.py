"""A print on a scan: a rectangle that need not stand upright."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

USUAL_ASPECT = 1.75
"""Prints of all usual sizes are shorter; what is not may be two that were not parted."""
MOST_ASPECT = 3.0
"""No print is longer."""
Points = NDArray[np.float64]
"""(n, 2): x and y in pixels; a pixel's middle has whole numbers."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Its middle, size and turn."""

    x: float
    y: float
    width: float
    height: float
    degrees: float
    """Clockwise, by how much it has to be turned back; from -45 to 45."""

    @classmethod
    def around(cls, points: NDArray[np.number]) -> Rectangle:
        """The smallest one around points."""
        (x, y), (width, height), degrees = cv2.minAreaRect(points.astype(np.float32))
        return cls(x, y, width, height, degrees).upright

    @property
    def upright(self) -> Rectangle:
        """The same, told so that it is turned as little as can be."""
        width, height, degrees = self.width, self.height, self.degrees
        while degrees > 45:
            width, height, degrees = height, width, degrees - 90
        while degrees <= -45:
            width, height, degrees = height, width, degrees + 90
        return Rectangle(self.x, self.y, width, height, degrees)

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height

    @property
    def aspect(self) -> float:
        """The longer side by the shorter one."""
        return max(self.width, self.height) / max(1e-9, min(self.width, self.height))

    @property
    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Unit vectors to its right and downwards."""
        turn = np.deg2rad(self.degrees)
        right = np.array([np.cos(turn), np.sin(turn)])
        return right, np.array([-right[1], right[0]])

    @property
    def corners(self) -> Points:
        """Top left, top right, bottom right, bottom left."""
        right, down = self.axes
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        middle = np.array([self.x, self.y])
        return np.array(
            [middle + a * self.width / 2 * right + b * self.height / 2 * down for a, b in signs]
        )

    def grown(self, left: float, top: float, right: float, bottom: float) -> Rectangle:
        """With its sides so far out; negative numbers are inwards."""
        across, down = self.axes
        x, y = np.array([self.x, self.y]) + (right - left) / 2 * across + (bottom - top) / 2 * down
        width, height = self.width + left + right, self.height + top + bottom
        return Rectangle(float(x), float(y), width, height, self.degrees)

    def moved(self, right: float, down: float) -> Rectangle:
        """So many pixels further."""
        return replace(self, x=self.x + right, y=self.y + down)

    def scaled(self, factor: float) -> Rectangle:
        """In a picture that is so many times as large."""
        x, y = (self.x + 0.5) * factor - 0.5, (self.y + 0.5) * factor - 0.5
        return Rectangle(x, y, self.width * factor, self.height * factor, self.degrees)

    def shared(self, other: Rectangle) -> float:
        """The area that both cover, in square pixels."""
        area, _ = cv2.intersectConvexConvex(
            self.corners.astype(np.float32), other.corners.astype(np.float32)
        )
        return float(area)
