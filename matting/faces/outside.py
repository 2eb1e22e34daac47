"""Whether a face lies outside of what was taken for people: one rule to look by and to judge by."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from matting.picture.boxes import Box

_OUTSIDE = 0.3
"""Mean in the box of a face below which it is outside: a box has corners of background."""


def is_outside(face: Box, people: NDArray[np.float32]) -> bool:
    """Whether hardly anything of a face was taken for somebody.

    Args:
        face: in the map's pixels; it may reach beyond the map.
        people: (height, width) float32 0..1, who was found.

    Returns:
        False of a face of which the map has nothing.
    """
    height, width = people.shape
    inside = face.clipped(width, height)
    rows = slice(math.floor(inside.y), math.ceil(inside.y + inside.height))
    columns = slice(math.floor(inside.x), math.ceil(inside.x + inside.width))
    here = people[rows, columns]
    return bool(here.size) and float(here.mean()) < _OUTSIDE
