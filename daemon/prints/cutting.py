"""A print cut out of its scan, straightened, at the scan's own resolution."""

from __future__ import annotations

import cv2
import numpy as np

from daemon.prints import find, sides
from daemon.prints.rectangle import Rectangle
from daemon.raster import Pixels

_STRAIGHT_PIXELS = 1.0
"""What is askew by less than this from end to end keeps its pixels as they are."""
_MARGIN = 1.0
"""Pixels inside of the edge, so that no platen is seen."""


def sharpened(scan: Pixels, layout: find.Layout, scale: float) -> tuple[Rectangle, ...]:
    """The prints' rectangles at the scan's own resolution.

    Args:
        scan: (height, width, 3), 8 or 16 bit.
        layout: as found on the small copy.
        scale: how many times as large the scan is.
    """
    return tuple(_sharp(scan, one.scaled(scale), scale) for one in layout.prints)


def _sharp(scan: Pixels, rectangle: Rectangle, scale: float) -> Rectangle:
    if scale <= 1:
        return rectangle
    reach = 2.5 * scale
    left, top, right, bottom = _box(rectangle.grown(*[reach + 4] * 4), scan)
    window = scan[top:bottom, left:right]
    moved = rectangle.moved(-left, -top)
    return sides.snapped(window, moved, reach).moved(left, top)


def cut(scan: Pixels, rectangle: Rectangle) -> Pixels:
    """The print's own pixels; turned only if it lies askew."""
    inner = rectangle.grown(*[-_MARGIN] * 4)
    left, top, right, bottom = _box(rectangle, scan)
    askew = np.tan(np.deg2rad(abs(rectangle.degrees))) * max(rectangle.width, rectangle.height)
    if askew < _STRAIGHT_PIXELS:
        return scan[_inner(inner, scan)].copy()  # a view would keep the whole scan
    window = scan[top:bottom, left:right]
    width, height = round(inner.width), round(inner.height)
    corners = (inner.corners - (left, top)).astype(np.float32)[:3]
    target = np.array([[0, 0], [width, 0], [width, height]], np.float32) - 0.5
    turn = cv2.getAffineTransform(corners, target)
    pixels: Pixels = cv2.warpAffine(
        window, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return pixels


def _box(rectangle: Rectangle, scan: Pixels) -> tuple[int, int, int, int]:
    """The upright box around it, inside of the scan: left, top, right and bottom."""
    low = np.floor(rectangle.corners.min(axis=0)).astype(int)
    high = np.ceil(rectangle.corners.max(axis=0)).astype(int) + 1
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    return left, top, min(scan.shape[1], int(high[0])), min(scan.shape[0], int(high[1]))


def _inner(rectangle: Rectangle, scan: Pixels) -> tuple[slice, slice]:
    left, right = rectangle.x - rectangle.width / 2, rectangle.x + rectangle.width / 2
    top, bottom = rectangle.y - rectangle.height / 2, rectangle.y + rectangle.height / 2
    rows = slice(max(0, round(top)), min(scan.shape[0], round(bottom) + 1))
    return rows, slice(max(0, round(left)), min(scan.shape[1], round(right) + 1))
