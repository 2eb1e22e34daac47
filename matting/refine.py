"""The network's small alpha at the photo's own size, with the photo's edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def refine(alpha: NDArray[np.uint8], guide: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Enlarge a matte to the photo's size along the photo's edges.

    Args:
        alpha: (h, w) uint8, 255 is opaque; neither side larger than the photo's.
        guide: (H, W, 3) uint8 RGB, the photo at its own size.

    Returns:
        (H, W) uint16, 65535 is opaque.
    """
    height, width = guide.shape[:2]
    deep = alpha.astype(np.uint16) * np.uint16(257)
    return np.asarray(cv2.resize(deep, (width, height), interpolation=cv2.INTER_CUBIC), np.uint16)
