"""Search a picture for people, small ones and groups included, and leave phantoms out.

A portrait is seen at once: the looks at the whole picture are sure, and agree in every tone.
Anything else is looked at in windows of two scales, too, since the whole picture squeezed to
256 x 256 leaves the people in a group a few pixels each. Each scale also invents people, in rocks,
trees and pots; so a second network that learnt from old photographs is asked once, and decides.

Tried without it: two scales have to agree, and a look from closer to convince. That missed 11 % of
old photographs and invented people in 10 % of empty ones (parts that were set aside), and U2-Net-P
in its place was no better: to it rocks and pots stand out as people do.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.people.aged import Aged
from matting.people.looks import Picture, certainty, consensus, looks
from matting.people.network import Network
from matting.people.windows import SCALES, Map, Window, seen_in, windows
from matting.picture.boxes import Box

_MAP_SIDE = 512
"""Long side of the map, in pixels: as fine as the windows of the second scale see."""
_FEWEST_PIXELS = 48
"""A window with a shorter side than that shows nothing."""
_PERSON = 0.5
"""Probability above which a pixel is taken for a person's."""
_SMALLEST = 0.003
"""Share of the picture below which a spot is nobody."""
_PORTRAIT_SHARE, _PORTRAIT_CERTAINTY = 0.12, 0.75
"""A portrait: people take that share at least, and all looks together are that sure..."""
_PLAIN_CERTAINTY = 0.87
"""...and so sure that there is nothing to search for: clean ones are, faded ones and groups not."""
_PORTRAIT_AGREEMENT = 0.5
"""Intersection over union that a look has with all together: a landscape that one tone makes a sure
portrait of is none in another."""
_PLAIN_ENOUGH = 0.5
"""Share of the looks that agree in a portrait, from which nobody found is not believed."""
_LONE_LARGEST = 0.05
"""Share of the picture up to which a region may be seen by one scale alone: people much larger or
smaller than its windows are invisible to the others."""
_BACKED = 0.2
"""What some look has to see, on average, of people whom the second network alone sees."""
_SOFT = 0.02
"""How far around a candidate the map is kept, as a share of the map's long side."""
_POWER = 2
"""Of the share of a candidate that a witness sees, by which its word is weighted."""
_COUNTED = 0.1
"""Of the largest person's area, from which a separate part counts as another person."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Who is in a picture."""

    probability: Map
    """(height, width) float32, 0..1, of a size of its own that covers the whole picture."""
    people: tuple[Box, ...]
    """Each separate person's extent in the picture's pixels, largest first; people who touch
    share one."""
    parts: int
    """How many parts of the picture were looked at."""

    @property
    def share(self) -> float:
        """Of the picture that is taken for people, 0..1."""
        return float((self.probability > _PERSON).mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A connected region that may be people."""

    box: Window
    """In the map."""
    mask: NDArray[np.bool_]
    """As the box."""
    witnesses: tuple[Map, ...]
    """Who is asked what it looks like."""

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    def support(self, seen: Map) -> float:
        """How much of it a map sees, 0..1."""
        return float(seen[self.box.slices][self.mask].mean())


def find(picture: Picture, network: Network, aged: Aged) -> Found:
    """Search a picture for people.

    Args:
        picture: (height, width, 3) uint8 sRGB of any size.
        network: that looks.
        aged: that decides where looks are not enough.
    """
    seen = looks(picture, network)
    whole = consensus(seen)
    size = picture.shape[0], picture.shape[1]
    plain = _plainness(whole, seen)
    if plain == 1 and certainty(whole) >= _PLAIN_CERTAINTY:
        return _found(whole, size, 1)
    maps, parts = _maps(picture, whole, network)
    shape = maps[0].shape
    second = _resized(aged.look(picture), (shape[0], shape[1]))
    probability = np.zeros_like(second)
    for candidate in _candidates(maps):
        if candidate.support(second) >= _PERSON:
            _take(probability, candidate, candidate.witnesses, second)
    best = np.max(maps, axis=0)
    unseen = np.where(probability > _PERSON, 0, second)
    for candidate in _regions(unseen, tuple(maps)):
        if candidate.support(best) >= _BACKED:
            _take(probability, candidate, candidate.witnesses, second)
    found = _found(probability, size, parts)
    # A portrait scratched all over, which the second network takes for nobody, must not be lost.
    return _found(whole, size, parts) if plain >= _PLAIN_ENOUGH and not found.people else found


def _plainness(whole: Map, seen: list[Map]) -> float:
    """The share of looks that agree that this is a portrait; 0..1."""
    people = whole > _PERSON
    if float(people.mean()) < _PORTRAIT_SHARE or certainty(whole) < _PORTRAIT_CERTAINTY:
        return 0.0
    agreed = sum(_agreement(look > _PERSON, people) >= _PORTRAIT_AGREEMENT for look in seen)
    return agreed / len(seen)


def _agreement(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union; ``other`` is not empty."""
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def _maps(picture: Picture, whole: Map, network: Network) -> tuple[list[Map], int]:
    """What is seen in the whole and at each scale of windows, and in how many parts that is."""
    size = picture.shape[0], picture.shape[1]
    factor = min(1.0, _MAP_SIDE / max(size))
    shape = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
    maps = [_resized(whole, shape)]
    count = 1
    for scale in SCALES:
        parts = windows(size, scale)
        if parts[0].width >= _FEWEST_PIXELS and len(parts) > 1:
            maps.append(seen_in(picture, parts, network, shape))
            count += len(parts)
    return maps, count


def _resized(seen: Map, shape: tuple[int, int]) -> Map:
    return np.asarray(cv2.resize(seen, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _candidates(maps: list[Map]) -> list[_Candidate]:
    """Regions of the whole, of two scales of windows, and small ones of a single scale.

    Who is large in the whole is drawn best there; windows cut them into pieces.
    """
    whole, scales = maps[0], tuple(maps[1:])
    found = _regions(whole, (whole,))
    if scales:
        ranked = np.sort(np.stack(scales), axis=0)
        agreed = np.where(_near(whole), 0, ranked[-2:][0])
        found += _regions(agreed, scales)
        lone = np.where(_near(np.maximum(whole, agreed)), 0, ranked[-1])
        largest = _LONE_LARGEST * whole.size
        found += (each for each in _regions(lone, scales) if each.area <= largest)
    return found


def _near(seen: Map) -> NDArray[np.bool_]:
    """Where people are in a map, or a little beside them."""
    people = (seen > _PERSON).astype(np.uint8)
    return np.asarray(cv2.dilate(people, np.ones((11, 11), np.uint8)) > 0)


def _regions(seen: Map, witnesses: tuple[Map, ...]) -> list[_Candidate]:
    """The connected regions of a map that are people to it; specks are not."""
    people = (seen > _PERSON).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(people)
    found = []
    for number in range(1, count):
        *box, area = stats[number].tolist()
        if area >= _SMALLEST * seen.size:
            window = Window(*box)
            found.append(_Candidate(window, labels[window.slices] == number, witnesses))
    return sorted(found, key=lambda each: -each.area)


def _take(probability: Map, candidate: _Candidate, witnesses: tuple[Map, ...], second: Map) -> None:
    """Write a candidate into the map: the mean of second and of witnesses, as they see it."""
    reach = max(1, round(_SOFT * max(probability.shape)))
    here = candidate.box.grown(reach, probability.shape).slices
    mask = np.zeros(probability.shape, np.uint8)[here]
    top, left = candidate.box.top - here[0].start, candidate.box.left - here[1].start
    rows, columns = candidate.mask.shape
    mask[top : top + rows, left : left + columns] = candidate.mask
    around = cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    weights = [candidate.support(seen) ** _POWER for seen in witnesses]
    total = sum(weight * seen[here] for weight, seen in zip(weights, witnesses, strict=True))
    mean = (total + second[here]) / (sum(weights) + 1)
    probability[here] = np.maximum(probability[here], mean * around)


def _found(probability: Map, size: tuple[int, int], parts: int) -> Found:
    regions = _regions(probability, (probability,))
    down, across = size[0] / probability.shape[0], size[1] / probability.shape[1]
    boxes = (
        Box(b.left * across, b.top * down, b.width * across, b.height * down)
        for b in (each.box for each in regions if each.area >= _COUNTED * regions[0].area)
    )
    return Found(probability, tuple(boxes), parts)
