"""The outline of a matte, and whether the photo has an edge where it runs.

Across each point of the outline the photo is sampled along a short line. Where a matte is right,
the line's strongest step of colour is at the outline itself. A step elsewhere says that the outline
runs beside the edge; none at all that person and backdrop are alike there, or that both sides of
the outline are the same thing: a coat that was cut through, or a wall that was taken along.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_REACH = 12
"""Pixels of 512 to each side that are searched for a step."""
_SIDE = 3
"""Pixels that are averaged on each side of a step."""
_ALONG = 11
"""Points of the outline that are averaged: an edge goes on, grain and leaves do not."""
_EVERY = 3
"""Of the outline's points one is kept."""
_SHORTEST = 20
"""Points; a shorter outline is a speck's."""
_MARGIN = 2
"""Pixels from the picture's border on which there is no outline: the picture ends there."""
_SMOOTHED = 2.0
"""Standard deviation of the blur from which directions are taken."""
_AT_IT = 1
"""Pixels beside the outline that count as at it."""
_BESIDE = 4
"""Pixels from which a step counts as beside the outline."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Points of an outline, in no order."""

    x: NDArray[np.int_]
    """(n,) columns."""
    y: NDArray[np.int_]
    """(n,) rows."""
    normal: Floats
    """(n, 2) x and y of the direction that leads out of the person, of length 1."""
    step: Floats
    """(n,) how far apart the colours on both sides are, 1 is black from white."""
    strongest: Floats
    """(n,) the largest such step within reach."""
    distance: NDArray[np.int_]
    """(n,) pixels from the outline to that one."""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def beside(self) -> NDArray[np.bool_]:
        """(n,) where the photo's edge is elsewhere."""
        elsewhere = (self.distance >= _BESIDE) & (self.step < self.strongest / 2)
        return np.asarray(elsewhere)


def outline_of(alpha: Floats, photo: Floats) -> Outline:
    """Follow the outline at half opacity.

    Args:
        alpha: (height, width), 0..1.
        photo: (height, width, 3), about 0..1.
    """
    lines, _ = cv2.findContours(
        (alpha > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    uphill = _uphill(alpha)
    found = [_along(line[:, 0], uphill, photo) for line in lines if len(line) >= _SHORTEST]
    if not found:
        none, nothing = np.zeros(0, np.int_), np.zeros(0, np.float32)
        return Outline(none, none, np.zeros((0, 2), np.float32), nothing, nothing, none)
    points, normals, samples = (np.concatenate(each) for each in zip(*found, strict=True))
    steps = _steps(samples)
    middle = steps.shape[1] // 2
    return Outline(
        points[:, 0],
        points[:, 1],
        normals,
        steps[:, middle - _AT_IT : middle + _AT_IT + 1].max(axis=1),
        steps.max(axis=1),
        np.abs(steps.argmax(axis=1) - middle),
    )


def _uphill(alpha: Floats) -> Floats:
    """(height, width, 2): the direction in which alpha grows, x and y, not of length 1."""
    soft = cv2.GaussianBlur(alpha, (0, 0), _SMOOTHED)
    return np.dstack([cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)])


def _along(
    line: NDArray[np.int_], uphill: Floats, photo: Floats
) -> tuple[NDArray[np.int_], Floats, Floats]:
    """Points (n, 2), normals (n, 2) and samples (n, m, 3) of one closed line."""
    x, y = line[:, 0], line[:, 1]
    normals = -uphill[y, x]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + np.float32(1e-9)
    reach = np.arange(-_REACH - _SIDE, _REACH + _SIDE + 1, dtype=np.float32)
    at_x, at_y = (line[:, axis, None] + normals[:, axis, None] * reach for axis in (0, 1))
    samples = cv2.remap(
        photo,
        at_x.astype(np.float32),
        at_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    samples = cv2.blur(samples, (1, _ALONG))
    height, width = photo.shape[:2]
    within = (np.minimum(x, width - 1 - x) > _MARGIN) & (np.minimum(y, height - 1 - y) > _MARGIN)
    kept = np.flatnonzero(within)[::_EVERY]
    return line[kept], normals[kept], samples[kept]


def _steps(samples: Floats) -> Floats:
    """(n, 2 * _REACH + 1): the difference of what lies before and behind each place."""
    total = np.cumsum(np.pad(samples, ((0, 0), (1, 0), (0, 0))), axis=1)
    mean = (total[:, _SIDE:] - total[:, :-_SIDE]) / _SIDE
    steps = np.linalg.norm(mean[:, _SIDE + 1 :] - mean[:, : -_SIDE - 1], axis=2)
    return np.asarray(steps, np.float32)
