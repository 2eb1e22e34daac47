"""Where in a map the most of it lies."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.picture.boxes import Box

_SMOOTHED = 32
"""The map's long side is blurred over one part in that many: a place is no single pixel..."""
_CONTRAST = 0.4
"""...and is what has at least that share of the largest value."""


def hotspot(found: NDArray[np.float32]) -> Box | None:
    """The extent of the region that weighs most.

    Args:
        found: (height, width) float32, 0 and more.

    Returns:
        In pixels of the map; None where it is 0 everywhere.
    """
    side = max(1, max(found.shape) // _SMOOTHED)
    smooth = cv2.blur(found, (side, side))
    largest = float(smooth.max())
    if largest <= 0:
        return None
    high = (smooth >= _CONTRAST * largest).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(high)
    weights = np.bincount(labels.ravel(), weights=smooth.ravel(), minlength=count)
    weights[0] = 0
    left, top, width, height, _ = stats[int(weights.argmax())].tolist()
    return Box(left, top, width, height)
