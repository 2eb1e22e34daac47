"""Where the picture changes as at a print's side, seen in a frame turned as prints lie.

In a frame that is turned as a print is, its sides are upright and level. What share of a side shows
an edge, and what share of a rectangle is no platen, is one look into running sums then, so that
every rectangle that could be a print can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints.platen import length
from daemon.prints.rectangle import Rectangle

_ALONG = 9
"""Pixels along a side whose mean is looked at: faint edges come out of the noise."""
_RIVALS = 6
"""Pixels to both sides within which nothing may change much more than at the edge."""
_RIVALLING = 0.8
_NEAR = 1
"""Pixels by which an edge may be beside the side."""

Map = NDArray[np.float32]
Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A part of the scan, turned; all maps are of its size."""

    degrees: float
    to_frame: NDArray[np.float64]
    """(2, 3): affine, from the scan's pixels to the frame's."""
    upright: NDArray[np.bool_]
    """Where there is an edge as of an upright side."""
    level: NDArray[np.bool_]
    mask: NDArray[np.uint8]
    """1 where something lies on the platen."""

    @property
    def outlined(self) -> Frame:
        """With an edge all along where what lies there ends, however faint it is."""
        upright = self.upright | _ends(self.mask)
        return replace(self, upright=upright, level=self.level | _ends(self.mask.T).T)

    def rectangle(self, left: float, top: float, right: float, bottom: float) -> Rectangle:
        """In the scan's pixels; sides are given in the frame's."""
        back = cv2.invertAffineTransform(self.to_frame)
        middle = back @ np.array([(left + right) / 2, (top + bottom) / 2, 1.0])
        scale = float(np.hypot(back[0, 0], back[1, 0]))
        size = (right - left) * scale, (bottom - top) * scale
        return Rectangle(float(middle[0]), float(middle[1]), *size, self.degrees)


def turned(off: Map, mask: NDArray[np.uint8], degrees: float, scale: float, noise: float) -> Frame:
    """Look at a part of the scan, turned back by ``degrees``.

    Args:
        off: (height, width, 3), how far each pixel is from the platen, Lab.
        mask: (height, width), 1 where something lies.
        degrees: clockwise, as prints in it are askew.
        scale: by which it is made smaller, 1 or less.
        noise: of the platen, Lab's units a pixel.
    """
    height, width = mask.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = int(height * sin + width * cos) + 8, int(height * cos + width * sin) + 8
    turn[:, 2] += np.array(size) / 2 - (width / 2, height / 2)
    seen = cv2.warpAffine(off, turn, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    lies = cv2.warpAffine(mask, turn, size, flags=cv2.INTER_NEAREST)
    least = max(0.7, 1.5 * noise)
    upright = _edges(seen, least)
    level = _edges(np.ascontiguousarray(seen.transpose(1, 0, 2)), least).T
    return Frame(degrees, turn, upright, level, lies)


def _ends(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where it changes from left to right."""
    changes = np.zeros_like(mask)
    changes[:, 1:] = mask[:, 1:] != mask[:, :-1]
    return np.asarray(cv2.dilate(changes, np.ones((1, 2 * _NEAR + 1), np.uint8)), bool)


def _edges(seen: Map, least: float) -> NDArray[np.bool_]:
    """Where it changes from left to right, and more than near by on the left and the right."""
    smooth = cv2.blur(seen, (2, _ALONG))
    step = np.zeros(seen.shape[:2], np.float32)
    step[:, 1:-1] = length(smooth[:, 2:] - smooth[:, :-2])
    around = cv2.dilate(step, np.ones((1, 2 * _RIVALS + 1), np.uint8))
    peaks = (step > least) & (step >= _RIVALLING * around)
    near = cv2.dilate(peaks.astype(np.uint8), np.ones((1, 2 * _NEAR + 1), np.uint8))
    return np.asarray(near, bool)
