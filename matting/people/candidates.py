"""Who may be somebody: the connected regions that looks take for people."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.people.windows import Map
from matting.picture.windows import Window

PERSON = 0.5
"""Probability above which a pixel is taken for a person's."""
_SMALLEST = 0.003
"""Share of the picture below which a spot is nobody."""
_LONE_LARGEST = 0.05
"""Share of the picture up to which a region may be seen by one scale alone: people much larger or
smaller than its windows are invisible to the others."""

_BESIDE = 5
"""Pixels of the map within which something lies beside people."""
_SOFT = 0.02
"""How far around people the map is kept, as a share of the map's long side."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A connected region that may be people."""

    box: Window
    """In the map."""
    mask: NDArray[np.bool_]
    """As the box."""
    witnesses: tuple[Map, ...]
    """Who is asked what it looks like."""

    @property
    def area(self) -> int:
        """Pixels of the map."""
        return int(np.count_nonzero(self.mask))

    def support(self, seen: Map) -> float:
        """How much of it a map sees, 0..1."""
        return float(seen[self.box.slices][self.mask].mean())

    def peak(self, seen: Map) -> float:
        """How sure a map is of the surest tenth of it, 0..1."""
        return float(np.percentile(seen[self.box.slices][self.mask], 90))

    def touches(self, there: NDArray[np.bool_]) -> bool:
        """Whether any of it lies in a mask of the map."""
        return bool(there[self.box.slices][self.mask].any())


def candidates(maps: list[Map]) -> list[Candidate]:
    """Regions of the whole, of two scales of windows, and small ones of a single scale.

    Who is large in the whole is drawn best there; windows cut them into pieces.
    """
    whole, scales = maps[0], tuple(maps[1:])
    found = regions(whole, (whole,))
    if scales:
        ranked = np.sort(np.stack(scales), axis=0)
        agreed = np.where(near(whole), 0, ranked[-2:][0])
        found += regions(agreed, scales)
        lone = np.where(near(np.maximum(whole, agreed)), 0, ranked[-1])
        largest = _LONE_LARGEST * whole.size
        found += (each for each in regions(lone, scales) if each.area <= largest)
    return found


def margin(seen: Map) -> int:
    """How far around people a map is kept, in pixels of the map: their edge is soft there."""
    return max(1, round(_SOFT * float(max(seen.shape))))


def spread(mask: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """A mask of 0 and 1, and what lies within so many pixels of it."""
    return np.asarray(cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), np.uint8)


def near(seen: Map) -> NDArray[np.bool_]:
    """Where people are in a map, or a little beside them."""
    return spread((seen > PERSON).astype(np.uint8), _BESIDE) > 0


def regions(seen: Map, witnesses: tuple[Map, ...]) -> list[Candidate]:
    """The connected regions of a map that are people to it; specks are not."""
    people = (seen > PERSON).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(people)
    found = []
    for number in range(1, count):
        *box, area = stats[number].tolist()
        if area >= _SMALLEST * seen.size:
            window = Window(*box)
            found.append(Candidate(window, labels[window.slices] == number, witnesses))
    return sorted(found, key=lambda each: -each.area)
