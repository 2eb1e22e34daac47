"""Pictures made smaller by averages, so that grain does not alias."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

_Kind = TypeVar("_Kind", np.uint8, np.uint16)


def shrunk(picture: NDArray[_Kind], size: tuple[int, int]) -> NDArray[_Kind]:
    """What OpenCV's INTER_AREA makes of it, but for rounding, in a third of the time.

    Args:
        picture: (H, W) or (H, W, 3), uint8 or uint16.
        size: the small width and height; neither is larger than the picture's.

    Returns:
        (h, w) or (h, w, 3) in the picture's dtype; the picture itself where it has that size.
    """
    from matting.picture.averages import average  # noqa: PLC0415 - it imports numba

    if picture.shape[1::-1] == size:
        return picture
    flat = np.ascontiguousarray(picture).reshape(len(picture), -1)
    bands = flat.shape[1] // picture.shape[1]
    small = np.empty((size[1], size[0] * bands), picture.dtype)
    average(flat, bands, small)
    return small.reshape(size[1], size[0], *picture.shape[2:])


def squeezed(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture as a square, as networks are fed, without aliasing its grain.

    Args:
        picture: (height, width, 3) uint8.
        side: rows and columns of the square.
    """
    smooth = cv2.INTER_AREA if min(picture.shape[:2]) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=smooth), np.uint8)
