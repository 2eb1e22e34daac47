"""From a network's matte to what is sure and what is not: as wide as the network is unsure.

A network's doubt is narrow along a sleeve and wide around hair. How wide it is at a place is told
by the largest disc that fits into it there (a morphological opening), and by that much more is it
widened: hair reaches further than the doubt about it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN

_DOUBT = 0.1
"""Alpha from this to 1 less this is doubtful."""
_WIDENED = ((0, 2), (1, 4), (2, 7))
"""Radius of a disc that fits into the doubt, and by how much the doubt is widened there; in pixels
of the network. Measured on composed pictures: narrower ones miss hair, wider ones let sure ground
become uncertain."""


def trimap_of(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Tell the sure from the unknown.

    Args:
        alpha: (h, w), 255 is opaque, at the size at which the network decided it.

    Returns:
        (h, w): BACKGROUND, UNKNOWN or FOREGROUND.
    """
    doubt = ((alpha > _DOUBT * 255) & (alpha < 255 - _DOUBT * 255)).astype(np.uint8)
    sides = (alpha > 127).astype(np.uint8)
    block = np.ones((3, 3), np.uint8)
    doubt |= cv2.morphologyEx(sides, cv2.MORPH_GRADIENT, block)
    unknown = np.zeros_like(doubt)
    for radius, more in _WIDENED:
        wide = cv2.morphologyEx(doubt, cv2.MORPH_OPEN, _disc(radius))
        unknown |= cv2.dilate(wide, _disc(more))
    trimap = np.where(sides > 0, np.uint8(FOREGROUND), np.uint8(BACKGROUND))
    trimap[unknown > 0] = UNKNOWN
    return trimap


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
