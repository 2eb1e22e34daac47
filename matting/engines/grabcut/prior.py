"""What anatomy says before the picture is looked at: how likely each place is part of a person."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matting.people import Box

LIMIT = 8.0
"""Log odds are kept within plus and minus this."""

# A figure's half width by its depth below the face's middle, how blurred that outline is, and how
# sure its axis is; all in widths of the face's box. The chin is at 0.6, the shoulders begin at
# 0.65, the feet of a standing adult are at about 7.5. Farther down less is certain: the sitter may
# sit, stride, or end in the grass.
_DEPTH = (0.3, 0.5, 0.65, 0.85, 1.2, 1.6, 2.2, 4.0, 6.0, 7.5)
_HALF_WIDTH = (0.38, 0.48, 0.72, 1.0, 1.2, 1.33, 1.42, 1.35, 1.1, 0.8)
_BLUR_DEPTH = (0.3, 1.0, 2.0, 5.0)
_BLUR = (0.15, 0.25, 0.4, 0.55)
_SURE_DEPTH = (1.5, 3.0, 5.0, 7.0)
_SURE = (8.0, 3.0, 1.0, 0.3)
# How far beyond that half width sleeves, elbows, hats and skirts get, by depth, and how fast the
# odds fall beyond. Beside the shoulders there is next to nothing of a person: furniture that
# stands there has the colours of somebody's coat often enough. One distance for all depths was
# tried: too far for tables at shoulder height, or too near for elbows and war bonnets.
_REACH_DEPTH = (0.5, 1.0, 1.6, 2.2, 3.0)
_REACH = (1.5, 0.7, 0.15, 0.4, 1.0)
_REACH_SLOPE = 8.0


def log_odds(shape: tuple[int, int], faces: Iterable[Box]) -> NDArray[np.float32]:
    """Log odds of "person" against "background" at every pixel, the likeliest person's counting.

    Args:
        shape: (height, width).
        faces: in pixels of that shape.

    Returns:
        float32 (height, width) within plus and minus LIMIT.
    """
    odds = np.full(shape, -LIMIT, np.float32)
    for face in faces:
        x, y = _from_face(shape, face)
        np.maximum(odds, _head(x, y), out=odds)
        np.maximum(odds, _figure(x, y), out=odds)
    return np.clip(odds, -LIMIT, LIMIT)


def reach(shape: tuple[int, int], faces: Iterable[Box]) -> NDArray[np.float32]:
    """Log odds to add to all others: 0 as far as an arm or a skirt gets, falling beyond.

    Args:
        shape: (height, width).
        faces: in pixels of that shape.

    Returns:
        float32 (height, width) from minus LIMIT to 0; 0 where anybody reaches.
    """
    odds = np.full(shape, -LIMIT, np.float32)
    for face in faces:
        x, y = _from_face(shape, face)
        farthest = np.interp(y, _DEPTH, _HALF_WIDTH) + np.interp(y, _REACH_DEPTH, _REACH)
        np.maximum(odds, _REACH_SLOPE * (farthest - abs(x)), out=odds, casting="same_kind")
    return np.minimum(odds, np.float32(0))


def _from_face(
    shape: tuple[int, int], face: Box
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far every pixel lies right of and below the face's middle, in widths of the face."""
    rows, columns = np.indices(shape, np.float32)
    x = (columns + 0.5 - face.centre[0]) / face.width
    y = (rows + 0.5 - face.centre[1]) / face.width
    return x, y


def _head(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """An ellipse from the crown to the chin, hair included."""
    radius = np.hypot(x / 0.58, (y + 0.06) / 0.84)
    return np.asarray(6 * (1 - radius), np.float32)


def _figure(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Neck, shoulders and all below, fading out where the feet may be."""
    sides = 2 * (np.interp(y, _DEPTH, _HALF_WIDTH) - abs(x)) / np.interp(y, _BLUR_DEPTH, _BLUR)
    above = np.interp(y, (0.0, 0.6), (-12, 12))
    below = np.interp(y, (6.4, 8.2), (6, -6))
    sure = np.interp(y, _SURE_DEPTH, _SURE)
    return np.asarray(np.minimum.reduce([sides, above, below, sure]), np.float32)
