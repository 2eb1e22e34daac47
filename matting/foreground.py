"""The person's own colours at soft edges, without the backdrop that shone through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def estimate_foreground(pixels: Pixels, alpha: NDArray[np.uint16]) -> Pixels:
    """Estimate the foreground's colours.

    Args:
        pixels: (height, width, 3) uint8 or uint16 RGB.
        alpha: (height, width) uint16, 65535 is opaque.

    Returns:
        (height, width, 3) in the dtype of ``pixels``, straight (not premultiplied).
    """
    from pymatting import estimate_foreground_ml  # noqa: PLC0415 - numba takes a second to import

    top = np.iinfo(pixels.dtype).max
    straight = estimate_foreground_ml(pixels / np.float32(top), alpha / np.float32(65535))
    estimated = np.rint(straight * top).astype(pixels.dtype)
    return np.where((alpha == 65535)[..., None], pixels, estimated)
