"""All that is at hand when a photo has been matted, at a size at which looking at it is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.faces.face import Face
from matting.judgement.cut import cut_off
from matting.judgement.flag import Place
from matting.judgement.head import head_of
from matting.judgement.outline import Outline, outline_of
from matting.picture.boxes import Box
from matting.picture.shrinking import shrunk

Floats = NDArray[np.float32]

LONG_SIDE = 512
"""Of what is looked at, pixels: a fringe of hair is five of them wide."""
_EDGE_SIDE = 1536
"""Of the matte where the width of its edges is measured."""
_BLACK_WHITE = (1, 99)
"""Percentiles of grey that count as black and white: a faded print has a contrast of its own."""
_LEAST_CONTRAST = 20
"""Levels between these below which nothing is stretched any further: that would be noise."""
_MEDIAN_TO_SIGMA = 1.4826
"""Of a normal distribution: the deviation over the median of absolute values."""
_LAPLACIAN_GAIN = 20**0.5
"""How much larger the deviation of the Laplacian (-4, four times 1) is than that of white noise."""
_COUNTED = 0.1
"""Of the largest part's area, from which another part is a person of its own, as the engine has
it (matting/people/search.py)."""
_MOST_PARTS = 30
"""Regions that are looked at; specks beyond these say nothing more."""
_SHORTEST_OUTLINE = 30
"""Pixels by which something is divided, at least."""
_NOBODY = 0.001
"""Share of the picture below which there is nobody in a matte."""


class Doubt(NamedTuple):
    """How far two answers about one photo are apart."""

    value: float
    """0 is not at all."""
    place: Box | None
    """Where most, in pixels of the photo."""


class Part(NamedTuple):
    """A connected region of the matte."""

    box: Box
    area: int
    mask: NDArray[np.bool_]
    """(height, width), as Evidence.alpha."""


class Matted(NamedTuple):
    """A photo and its matte at the photo's own size."""

    photo: NDArray[np.uint8]
    """(H, W, 3) sRGB."""
    alpha: NDArray[np.uint16]
    """(H, W), 65535 is opaque."""


class Answered(NamedTuple):
    """What the engine said, before its edge was solved."""

    alpha: NDArray[np.uint8]
    """(rows, columns), 255 is opaque, at the size at which it was decided."""
    window: Box
    """The part of the photo that it covers, in the photo's pixels."""
    people: int | None = None
    """None where the engine does not count."""
    doubts: Mapping[str, Doubt] = {}
    """By name: how far it disagrees with itself, or with another network."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the reasons look at.

    No slots: what several of them need is worked out once, when the first one asks.
    """

    alpha: Floats
    """(height, width), 0..1, no side longer than LONG_SIDE."""
    photo: Floats
    """(height, width, 3) RGB; the photo's own black is 0, its white 1."""
    edges: NDArray[np.uint8]
    """The matte as (rows, columns) of its own, 255 is opaque, for the width of its edges."""
    grain: float
    """The standard deviation of the photo's grain, 1 is black from white."""
    answered: Answered
    size: tuple[int, int]
    """(width, height) of the photo."""
    faces: tuple[Face, ...] = ()
    """Seen in the photo, in its pixels, whoever was found in it; boxes may reach beyond it."""

    @classmethod
    def of(cls, matted: Matted, answered: Answered, faces: Sequence[Face] = ()) -> Evidence:
        """Look at a photo, its matte, what the engine said, and the faces seen in it."""
        height, width = matted.alpha.shape
        size = _within(width, height, LONG_SIDE)
        finer = _within(width, height, _EDGE_SIDE)
        small = shrunk(matted.alpha, size)
        grey = np.asarray(cv2.cvtColor(shrunk(matted.photo, finer), cv2.COLOR_RGB2GRAY), np.uint8)
        black, contrast = _tones(grey)
        return cls(
            alpha=small.astype(np.float32) * np.float32(1 / 65535),
            photo=_stretched(shrunk(matted.photo, size), black, contrast),
            edges=_bytes(shrunk(matted.alpha, finer)),
            grain=_grain(grey) / contrast,
            answered=answered,
            size=(width, height),
            faces=tuple(faces),
        )

    def place(self, box: Box | None) -> Place | None:
        """A box in pixels of ``alpha`` as whole pixels of the photo, rounded outwards."""
        if box is None:
            return None
        height, width = self.alpha.shape
        across, down = self.size[0] / width, self.size[1] / height
        box = Box(box.x * across, box.y * down, box.width * across, box.height * down)
        return whole(box, self.size)

    def from_photo(self, box: Box) -> Box:
        """A box in the photo's pixels as one in pixels of ``alpha``."""
        height, width = self.alpha.shape
        across, down = width / self.size[0], height / self.size[1]
        return Box(box.x * across, box.y * down, box.width * across, box.height * down)

    @cached_property
    def person(self) -> NDArray[np.bool_]:
        """(height, width): what is more person than background."""
        return np.asarray(self.alpha > 0.5)

    @cached_property
    def area(self) -> int:
        """Pixels of that."""
        return int(np.count_nonzero(self.person))

    @property
    def empty(self) -> bool:
        """Whether there is nobody in the matte."""
        return self.area < max(1.0, _NOBODY * self.alpha.size)

    @cached_property
    def outline_length(self) -> int:
        """Pixels of the person that lie at its outline; at least a few."""
        return max(_SHORTEST_OUTLINE, rim(self.person))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The matte's connected regions, the largest first."""
        count, labels, stats, _ = cv2.connectedComponentsWithStats(self.person.astype(np.uint8))
        found = (
            Part(Box(*stats[number, :4].tolist()), int(stats[number, 4]), labels == number)
            for number in (1 + np.argsort(-stats[1:, 4]))[:_MOST_PARTS]
        )
        return tuple(found) if count > 1 else ()

    @cached_property
    def heads(self) -> tuple[Box, ...]:
        """Of each region that is large enough to be a person."""
        people = [one for one in self.parts if one.area >= _COUNTED * self.parts[0].area]
        found = (head_of(one.mask) for one in people)
        return tuple(head for head in found if head is not None)

    @cached_property
    def outline(self) -> Outline:
        """Where the person ends."""
        return outline_of(self.alpha, self.photo)

    @cached_property
    def cut(self) -> NDArray[np.bool_]:
        """(n,) at which points of the outline something is cut off."""
        return cut_off(self.outline, self.person, self.photo)


def rim(mask: NDArray[np.bool_]) -> int:
    """How many pixels of a mask lie at its outline; those at the picture's border do not."""
    person = mask.astype(np.uint8)
    return int(np.count_nonzero(person - cv2.erode(person, np.ones((3, 3), np.uint8))))


def whole(box: Box, size: tuple[int, int]) -> Place:
    """The whole pixels that a box touches in a photo of that (width, height); at least one."""
    left, top = int(max(0, min(box.x, size[0] - 1))), int(max(0, min(box.y, size[1] - 1)))
    right = int(np.ceil(min(size[0], box.x + box.width)))
    bottom = int(np.ceil(min(size[1], box.y + box.height)))
    return left, top, max(1, right - left), max(1, bottom - top)


def _within(width: int, height: int, side: int) -> tuple[int, int]:
    factor = min(1.0, side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _tones(grey: NDArray[np.uint8]) -> tuple[float, float]:
    """The photo's own black, and how far its white is from that, in levels of 255."""
    black, white = np.percentile(grey[::3, ::3], _BLACK_WHITE)
    return float(black), float(max(white - black, _LEAST_CONTRAST))


def _stretched(picture: NDArray[np.uint8], black: float, contrast: float) -> Floats:
    return (picture - np.float32(black)) * np.float32(1 / contrast)


def _grain(grey: NDArray[np.uint8]) -> float:
    """The standard deviation of the grain, in levels: the median of what a Laplacian answers.

    The median, because edges are few. Immerkaer, "Fast noise variance estimation", 1996, has the
    idea; his mask differs.
    """
    answered = np.abs(cv2.Laplacian(grey, cv2.CV_16S)[::2, ::2])
    return float(np.median(answered)) * _MEDIAN_TO_SIGMA / _LAPLACIAN_GAIN


def _bytes(alpha: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(alpha, alpha=1 / 257), np.uint8)
