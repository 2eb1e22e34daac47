"""What anatomy says before the picture is looked at: how likely each place is part of a person."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matting.people import Box

LIMIT = 4.0
"""Log odds are kept within plus and minus this: nothing is certain from anatomy alone."""

# A figure's half width by its height below the face's middle, and how blurred that outline is,
# all in face widths. The chin is at 0.6, shoulders at 1.4, the hem or the knees about 6.
_DEPTH = (0.35, 0.6, 0.95, 1.4, 2.2, 4.0, 6.0, 7.2)
_HALF_WIDTH = (0.3, 0.36, 0.75, 1.15, 1.35, 1.25, 0.95, 0.8)
_BLUR_DEPTH = (0.3, 1.0, 2.0, 5.0)
_BLUR = (0.12, 0.25, 0.4, 0.55)


def log_odds(shape: tuple[int, int], faces: Iterable[Box]) -> NDArray[np.float32]:
    """Log odds of "person" against "background" at every pixel, the likeliest person's counting.

    Args:
        shape: (height, width).
        faces: in pixels of that shape.

    Returns:
        float32 (height, width) within plus and minus LIMIT.
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    odds = np.full(shape, -LIMIT, np.float32)
    for face in faces:
        x = (columns + 0.5 - face.centre[0]) / face.width
        y = (rows + 0.5 - face.centre[1]) / face.width
        np.maximum(odds, _head(x, y), out=odds)
        np.maximum(odds, _figure(x, y), out=odds)
    return np.clip(odds, -LIMIT, LIMIT)


def _head(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """An ellipse from the crown to the chin, hair included."""
    radius = np.hypot(x / 0.60, (y + 0.08) / 0.85)
    return np.asarray(6 * (1 - radius), np.float32)


def _figure(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Neck, shoulders and all below, fading out where the feet may be."""
    sides = 2 * (np.interp(y, _DEPTH, _HALF_WIDTH) - abs(x)) / np.interp(y, _BLUR_DEPTH, _BLUR)
    above = np.interp(y, (0.2, 0.4), (-6, 6))
    below = np.interp(y, (6.2, 7.8), (6, -6))
    return np.asarray(np.minimum(np.minimum(sides, above), below), np.float32)
