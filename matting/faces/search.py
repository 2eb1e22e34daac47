"""Search a picture for faces: at a glance, or in windows, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.faces.face import Face
from matting.faces.network import SIDE, Network
from matting.picture.boxes import Box
from matting.picture.shrinking import squeezed
from matting.picture.windows import Scale, Window, windows

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8 sRGB."""

GLANCE: Sequence[Scale] = ()
"""The whole picture alone: faces of a tenth of its long side, or more."""
CLOSELY: Sequence[Scale] = (Scale(0.35, 0.22, 40),)
"""Small windows, too: groups and small figures are whom the search for people leaves out. Those of
all and of 0.6 of the short side found hardly anybody more, and more often what is no face."""

_LONG_SIDE = 1024
"""Of what is searched in windows: squeezed to 128 pixels, they show nothing more."""
_GREY = 128
"""What is beside the picture, where a window is larger."""
_LEAST = 0.5
"""A score below which nothing is told."""
_SAME = 0.3
"""Intersection over union from which two boxes are one face."""
_FEWEST_PIXELS = 32
"""A window with a shorter side than that shows no face."""


def find(picture: Picture, network: Network, scales: Sequence[Scale] = GLANCE) -> list[Face]:
    """Search a picture for faces.

    Args:
        picture: (height, width, 3) uint8 sRGB of any size.
        network: that looks.
        scales: of windows besides the whole picture: GLANCE or CLOSELY.

    Returns:
        Each face once, the surest first, with boxes in the picture's pixels.
    """
    small = _small(picture, _LONG_SIDE if scales else SIDE)
    factor = max(picture.shape[:2]) / max(small.shape[:2])
    seen = [
        Face(_placed(face.box, part).scaled(factor), face.score)
        for part in _parts((small.shape[0], small.shape[1]), scales)
        for face in network.look(squeezed(_cut(small, part), SIDE), least=_LEAST)
    ]
    return surest(seen)


def surest(faces: Sequence[Face]) -> list[Face]:
    """Each face once: of boxes that are one face, the surest (non-maximum suppression)."""
    boxes = [(face.box.x, face.box.y, face.box.width, face.box.height) for face in faces]
    kept = cv2.dnn.NMSBoxes(boxes, [face.score for face in faces], 0.0, _SAME)
    return [faces[int(number)] for number in kept]


def _small(picture: Picture, long_side: int) -> Picture:
    height, width = picture.shape[:2]
    factor = min(1.0, long_side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    # Not by our own kernel: numba would be loaded in the engine's process for this alone.
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _parts(size: tuple[int, int], scales: Sequence[Scale]) -> Iterator[Window]:
    """The whole, and windows that show less of the picture than that."""
    yield Window(0, 0, max(size), max(size))
    for scale in scales:
        parts = windows(size, scale)
        if parts[0].width >= _FEWEST_PIXELS and len(parts) > 1:
            yield from parts


def _cut(picture: Picture, part: Window) -> Picture:
    """A window's pixels; grey where it reaches beyond the picture."""
    inside = picture[part.slices]
    if inside.shape[:2] == (part.height, part.width):
        return inside
    cut = np.full((part.height, part.width, 3), _GREY, np.uint8)
    cut[: inside.shape[0], : inside.shape[1]] = inside
    return cut


def _placed(box: Box, part: Window) -> Box:
    return box.of(Box(part.left, part.top, part.width, part.height))
