"""Whom a search has left out though a face shows there: that part is looked at from closer.

A row of people squeezed to 256 pixels leaves some of them out, the more the darker their clothes
and what is behind them; a detector of faces looks into small windows and knows where. In a window
of a few faces' size both networks see its person and hardly ever take a thing for one: a face in a
violin, in grain or in print is nobody to at least one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from matting.faces import Face, is_outside
from matting.people.candidates import PERSON, margin, spread
from matting.people.looks import Picture, consensus, looks, weighted
from matting.people.network import SIDE
from matting.people.networks import Networks
from matting.people.windows import Map, together
from matting.picture.boxes import Box
from matting.picture.windows import Window

_SURE, _IN_COMPANY = 0.65, 0.5
"""Score from which a face is worth a look: where nobody was found yet, and where somebody was."""
_SIDES = (3.5, 6.0, 14.0)
"""Of the windows, in sides of the face: head and shoulders, to the hips, and past the feet."""
_BELIEVED = 0.75
"""What the second network has to see of a face in one window at least. A painted backdrop that the
first took for somebody it sees by 0.69; the posts of a hut by 0.89 all the same."""
_ABOVE = 0.9
"""How far they reach above it, in its heights: for hair and hat."""
_MOST = 12
"""Faces to look at; each takes most of a second of two cores."""
_POWER = 2
"""Of the share of the face that a look sees, by which its word is weighted."""


def with_faces(
    probability: Map, picture: Picture, faces: Sequence[Face], networks: Networks
) -> Map:
    """The map, and in it whoever has a face that it leaves out.

    Args:
        probability: (height, width) whom the search has found.
        picture: (height, width, 3) uint8 sRGB, of a size of its own.
        faces: in the picture's pixels, the surest first.
        networks: that look.
    """
    size = picture.shape[0], picture.shape[1]
    shape = probability.shape[0], probability.shape[1]
    looked_at = 0
    for face in faces:
        alone = not (probability > PERSON).any()
        if face.score < (_SURE if alone else _IN_COMPANY) or looked_at == _MOST:
            break
        if is_outside(_in_map(face.box, size, shape), probability):
            looked_at += 1
            seen = _seen_around(picture, face.box, networks, shape)
            here = _around(face.box, 1.0, size).in_map(size, shape)
            probability = np.maximum(probability, _connected(seen, here))
    return probability


def _seen_around(picture: Picture, box: Box, networks: Networks, shape: tuple[int, int]) -> Map:
    """Who is around a face, in a map of that shape; nobody unless both networks see its person."""
    size = picture.shape[0], picture.shape[1]
    face, parts = _around(box, 1.0, size), [_around(box, sides, size) for sides in _SIDES]
    looked = [consensus(looks(picture[part.slices], networks.quick)) for part in parts]
    quick = [_share(face, part, seen) for part, seen in zip(parts, looked, strict=True)]
    if max(quick) < PERSON:
        return np.zeros(shape, np.float32)
    second = [_glanced(picture[part.slices], networks) for part in parts[:-1]]
    second.append(networks.aged.look(picture[parts[-1].slices]))
    aged = [_share(face, part, seen) for part, seen in zip(parts, second, strict=True)]
    if max(aged) < _BELIEVED:
        return np.zeros(shape, np.float32)
    agreed = (
        (part, weighted((first, other), [weight**_POWER for weight in weights]))
        for part, first, other, *weights in zip(parts, looked, second, quick, aged, strict=True)
        if max(weights) >= PERSON
    )
    return together(agreed, size, shape)


def _glanced(shown: Picture, networks: Networks) -> Map:
    """The second network's glance, which is enough for whom a window shows large."""
    return np.asarray(cv2.resize(networks.aged.glance(shown), (SIDE, SIDE)), np.float32)


def _share(face: Window, part: Window, seen: Map) -> float:
    """How much of a face a map of a window around it sees, 0..1."""
    return float(seen[face.within(part, seen.shape)].mean())


def _connected(seen: Map, face: tuple[slice, slice]) -> Map:
    """The people of a map of whom a face is one, softly."""
    people = (seen > PERSON).astype(np.uint8)
    _, labels = cv2.connectedComponents(people)
    names = np.unique(labels[face])
    mask = np.isin(labels, names[names > 0]).astype(np.uint8)
    return np.asarray(spread(mask, margin(seen)) * seen, np.float32)


def _in_map(box: Box, size: tuple[int, int], shape: tuple[int, int]) -> Box:
    down, across = shape[0] / size[0], shape[1] / size[1]
    return Box(box.x * across, box.y * down, box.width * across, box.height * down)


def _around(face: Box, sides: float, size: tuple[int, int]) -> Window:
    """A square of so many sides of a face, within a picture of that (height, width)."""
    height, width = size
    above = _ABOVE * face.height if sides > 1 else 0.0
    side = round(sides * max(face.width, face.height))
    across, down = (max(1, min(side, length)) for length in (width, height))
    left = min(max(round(face.centre[0] - across / 2), 0), width - across)
    top = min(max(round(face.y - above), 0), height - down)
    return Window(left, top, across, down)
