"""Where a person's head is, from the outline alone.

Detectors of faces were tried in this program and thrown out: they miss profiles, backs and worn
prints. A silhouette widens from the crown, narrows to the neck and widens to the shoulders; that is
enough to say which part of an outline is hair and which is clothes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matting.picture.boxes import Box

_SMOOTHED = 0.04
"""Of a person's height, over which widths are averaged."""
_NARROWER = 0.92
"""What is left of the head's width at the neck, at most."""
_LOWEST_NECK = 0.6
"""Of a person's height; what is narrow below that is a waist."""
_WITHOUT_NECK = 0.3, 0.45
"""The head's share of the height where there is no neck: of somebody standing; of a bust."""
_STANDING = 1.6
"""Height over width from which somebody stands."""


def head_of(mask: NDArray[np.bool_]) -> Box | None:
    """The head of the topmost person of a region.

    Args:
        mask: (height, width), the region and nothing else.

    Returns:
        In pixels of the mask; None where the mask is empty.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    top, height = int(rows[0]), int(rows[-1] - rows[0] + 1)
    widths = _widths(mask[top : top + height])
    length = _head_length(widths, height / max(1.0, float(widths.max())))
    columns = np.flatnonzero(mask[top : top + length].any(axis=0))
    left = int(columns[0])
    return Box(left, top, int(columns[-1]) - left + 1, length)


def _widths(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(rows,) pixels of the person in each row, smoothed."""
    side = max(1, round(_SMOOTHED * len(mask))) | 1
    padded = np.pad(mask.sum(axis=1), side // 2, mode="edge")
    return np.convolve(padded, np.ones(side) / side, mode="valid")


def _head_length(widths: NDArray[np.float64], slender: float) -> int:
    """Rows from the crown to the neck: to where it is narrow before it is wider than ever."""
    height = len(widths)
    widest = np.maximum.accumulate(widths)
    narrow = (widths < _NARROWER * widest) & (np.arange(height) < _LOWEST_NECK * height)
    start = int(narrow.argmax())
    wider = np.flatnonzero(widths[start:] > widest[start])
    if narrow.any() and len(wider):
        return max(1, start + int(widths[start : start + wider[0]].argmin()))
    return max(1, round(height * _WITHOUT_NECK[slender < _STANDING]))
