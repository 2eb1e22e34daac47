"""What may be a print: where it was seen, and the rectangle that it is taken for."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints.rectangle import Rectangle

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What may be a print."""

    mask: Mask
    """(height, width) of the scan: 1 where it is no platen."""
    rectangle: Rectangle
    seen: float | None = None
    """Share of its outline that shows an edge, if it was chosen among other rectangles for that."""
    unseen_seam: bool = False
    """Whether a seam between it and others that were chosen with it shows no edge."""
    upper: float = 1.0
    """Share of the upper one of those that overlap, inside the lower one, that shows an edge."""
    more: bool = False
    """Whether it is a print, plainly, and something else that is in none."""
    lead: float = float("inf")
    """By how much dearer the next best choice was, in pixels of outline."""

    @property
    def filling(self) -> float:
        """Share of the rectangle that is no platen."""
        # Its area in pixels that it covers, while corners are told in their middles.
        area = (self.rectangle.width + 1) * (self.rectangle.height + 1)
        return min(1.0, float(self.mask.sum()) / max(1.0, area))

    @property
    def hull_area(self) -> float:
        """Without dents: what is as dark as the platen may be missing at an edge."""
        contours, _ = cv2.findContours(self.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        return float(cv2.contourArea(cv2.convexHull(max(contours, key=len))))


def whole(mask: Mask) -> Piece:
    """All of a mask, as one piece."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return Piece(mask, Rectangle.around(np.concatenate(contours)[:, 0]))
