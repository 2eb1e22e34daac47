"""How far askew prints may lie, told by the straight stretches of an outline."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_MOST_DEGREES = 11.0
_COARSE = 4.0
"""Pixels by which an outline may leave a straight line: deckled edges do, dents do not."""
_SAME_DEGREES = 0.35
_MOST = 7


def of_outline(mask: NDArray[np.uint8], least_side: float) -> list[float]:
    """Angles at which its sides lie, degrees clockwise, the longest sides' first.

    Args:
        mask: (height, width), 1 where something lies.
        least_side: of a print, pixels.
    """
    found = [one for line in _outlines(mask) for one in _straight(line, 0.4 * least_side)]
    return distinct([a for a, _ in found], [w for _, w in found])[:_MOST]


def distinct(degrees: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
    """Those that are not nearly the same, the weightiest first."""
    left = list(zip(degrees, weights or [1.0] * len(degrees), strict=True))
    found: list[float] = []
    while left:
        heavy = [sum(w for a, w in left if abs(a - b) < _SAME_DEGREES) for b, _ in left]
        best = left[int(np.argmax(heavy))][0]
        near = [(a, w) for a, w in left if abs(a - best) < _SAME_DEGREES]
        found.append(float(np.average([a for a, _ in near], weights=[w for _, w in near])))
        left = [(a, w) for a, w in left if abs(a - best) >= _SAME_DEGREES]
    return found


def _outlines(mask: NDArray[np.uint8]) -> list[NDArray[np.int32]]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(one[:, 0], np.int32) for one in contours]


def _straight(outline: NDArray[np.int32], least: float) -> list[tuple[float, float]]:
    """Angle and length of each straight stretch."""
    corners = cv2.approxPolyDP(outline, _COARSE, closed=True)[:, 0]
    numbers = {tuple(point): at for at, point in enumerate(outline)}
    found = []
    for begin, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.hypot(*(end - begin)))
        if length < least:
            continue
        first, last = numbers[tuple(begin)], numbers[tuple(end)]
        stretch = np.arange(first, last if last > first else last + len(outline)) % len(outline)
        points = outline[stretch[len(stretch) // 12 : -(len(stretch) // 12) or None]]
        x, y, *_ = cv2.fitLine(points, cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        degrees = (float(np.rad2deg(np.arctan2(y, x))) + 45) % 90 - 45
        if abs(degrees) <= _MOST_DEGREES:
            found.append((degrees, length))
    return found
