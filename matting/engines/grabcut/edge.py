"""From person or not to how much of each pixel: the soft edge.

Closed-form matting (Levin, Lischinski and Weiss, "A closed-form solution to natural image
matting", PAMI 2008), as pymatting solves it, in a band around the cut.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from pymatting import estimate_alpha_cf

LONG_SIDE = 640
"""The solver's time goes with the band's area, so it works on at most this."""
_SMALLEST_ISLAND = 1 / 400
"""Of the picture's area."""


def clean(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Drop small islands and fill small holes, as scratches and patterns leave them."""
    least = _SMALLEST_ISLAND * mask.size
    return ~_large_parts(~_large_parts(mask, least), least)


def alpha_of(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Solve for alpha in a band around the mask's outline.

    Args:
        pixels: (height, width, 3) uint8 RGB, at most about LONG_SIDE on the long side.
        mask: (height, width).

    Returns:
        (height, width) uint8; 0 and 255 are reached.
    """
    trimap = _trimap(mask)
    if not (trimap == 0.5).any() or not (trimap == 1).any():
        return np.asarray(mask * np.uint8(255), np.uint8)
    alpha = estimate_alpha_cf(
        pixels / 255.0, trimap, laplacian_kwargs={"epsilon": 1e-5}, cg_kwargs={"rtol": 1e-4}
    )
    # The solver leaves opaque parts at 0.98 and the backdrop at 0.02: let both reach their ends.
    stretched = np.clip((alpha - 0.03) / 0.94, 0, 1)
    return np.asarray(np.rint(255 * stretched), np.uint8)


def _trimap(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1 inside, 0 outside, 0.5 near the outline; hair reaches farther out than cloth in."""
    side = max(mask.shape)
    solid = mask.astype(np.uint8)
    inner = cv2.erode(solid, _disc(side / 110), borderType=cv2.BORDER_REPLICATE)
    outer = cv2.dilate(solid, _disc(side / 90), borderType=cv2.BORDER_REPLICATE)
    return np.asarray((inner.astype(np.float64) + outer) / 2)


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _large_parts(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), None, 4)
    keep = stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    return np.asarray(keep[labels]) if count > 1 else np.zeros_like(mask)
