"""What was seen in square windows over a picture, put together."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.people.looks import Picture
from matting.people.network import SIDE, Network
from matting.picture.shrinking import squeezed
from matting.picture.windows import Scale, Window

Map = NDArray[np.float32]
"""(height, width) float32 probability, 0..1, at the size of the search's map."""

SCALES = (Scale(1.0, 1 / 3, 6), Scale(0.6, 0.3, 16))
"""A third scale, of 0.4, found nobody more where the second network is asked, and took longer than
the others together."""
_LEAST = 0.05
"""What a window counts at its own border, where people are cut off; 1 in its middle."""


def seen_in(picture: Picture, parts: list[Window], network: Network, shape: tuple[int, int]) -> Map:
    """The mean of what is seen in windows, each counting most in its middle.

    Args:
        picture: (height, width, 3) uint8 sRGB.
        parts: windows that cover it.
        network: that looks, once into each.
        shape: the (height, width) of the answer.
    """
    seen = (network.look(squeezed(picture[part.slices], SIDE)) for part in parts)
    return together(zip(parts, seen, strict=True), (picture.shape[0], picture.shape[1]), shape)


def together(
    seen: Iterable[tuple[Window, Map]], size: tuple[int, int], shape: tuple[int, int]
) -> Map:
    """The mean of maps of windows, each counting most in its middle; 0 where there is no window.

    Args:
        seen: windows of a picture, and a map of each, of any size.
        size: the picture's (height, width).
        shape: the (height, width) of the answer.
    """
    total, count = np.zeros(shape, np.float32), np.full(shape, 1e-6, np.float32)
    for part, look in seen:
        here = part.in_map(size, shape)
        placed = _resized(look, here)
        weight = np.outer(*(_ramp(length) for length in placed.shape)).astype(np.float32)
        total[here] += weight * placed
        count[here] += weight
    return total / count


def _resized(look: Map, here: tuple[slice, slice]) -> Map:
    extent = here[1].stop - here[1].start, here[0].stop - here[0].start
    smaller = extent[0] < look.shape[1]
    smooth = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(look, extent, interpolation=smooth), np.float32)


def _ramp(length: int) -> NDArray[np.float64]:
    """From little at the ends to 1 in the middle half."""
    inside = (np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5) * (4 / length)
    return inside.clip(_LEAST, 1)
