"""Where a matte cut something off: beyond the outline the photo goes on like the person.

Three colours are compared at each point of the outline: just inside it, just outside, and of the
backdrop at large around there. Where the second is like the first and unlike the third, what lies
beyond the outline is no backdrop. The step at the outline alone says less: hair has edges within,
and a dark coat before a dark wall has none where it should.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.judgement.outline import Floats, Outline

_NEAR = np.arange(2, 8, dtype=np.float32)
"""Pixels of 512 from the outline that are averaged on each side."""
_AWAY = 14
"""Pixels from the person at which the backdrop begins for sure."""
_AROUND = 20
"""Pixels, a quarter of the picture's, across which the backdrop is averaged."""
_COARSE = 4
"""By which the picture is shrunk for that: a backdrop at large has no details."""
_LEAST_SEEN = 0.02
"""Share of the surroundings that has to be backdrop for a comparison."""
_LIKER = 0.5
"""How much nearer to the person's colour than to the backdrop's it has to be..."""
_UNLIKE = 0.12
"""...and how far from the backdrop's, 1 is black from white."""


def cut_off(outline: Outline, person: NDArray[np.bool_], photo: Floats) -> NDArray[np.bool_]:
    """Which points of an outline cut something off.

    Args:
        outline: the person's.
        person: (height, width).
        photo: (height, width, 3), about 0..1.

    Returns:
        (n,)
    """
    if not len(outline):
        return np.zeros(0, np.bool_)
    backdrop, seen = _backdrop(person, photo)
    at = outline.y, outline.x
    beyond, within = _beside(outline, photo, _NEAR), _beside(outline, photo, -_NEAR)
    from_person = np.linalg.norm(beyond - within, axis=1)
    from_backdrop = np.linalg.norm(beyond - backdrop[at], axis=1)
    cut = (from_person < _LIKER * from_backdrop) & (from_backdrop > _UNLIKE)
    return np.asarray(cut & (seen[at] > _LEAST_SEEN))


def _backdrop(person: NDArray[np.bool_], photo: Floats) -> tuple[Floats, Floats]:
    """(height, width, 3) the mean colour of the backdrop around, and how much of it there is."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _AWAY + 1, 2 * _AWAY + 1))
    away = (cv2.dilate(person.astype(np.uint8), disc) == 0).astype(np.float32)
    height, width = away.shape
    size = width // _COARSE + 1, height // _COARSE + 1
    side = (_AROUND + 1, _AROUND + 1)
    share = cv2.blur(cv2.resize(away, size, interpolation=cv2.INTER_AREA), side)
    small = cv2.resize(photo * away[..., None], size, interpolation=cv2.INTER_AREA)
    mean = cv2.blur(small, side) / (share[..., None] + np.float32(1e-6))
    return (
        np.asarray(cv2.resize(mean, (width, height)), np.float32),
        np.asarray(cv2.resize(share, (width, height)), np.float32),
    )


def _beside(outline: Outline, photo: Floats, distances: Floats) -> Floats:
    """(n, 3) the mean colour at these distances from the outline, outside is positive."""
    x, y = (
        (position[:, None] + outline.normal[:, axis, None] * distances).astype(np.float32)
        for axis, position in enumerate((outline.x, outline.y))
    )
    samples = cv2.remap(photo, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(samples.mean(axis=1), np.float32)
