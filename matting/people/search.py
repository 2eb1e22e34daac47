"""Search a picture for people, small ones and groups included, and vote against phantoms.

A portrait is seen at once: one look at the whole picture decides, sure of itself. Anything else is
looked at in windows of three scales, too, since the whole picture squeezed to 256 x 256 leaves the
people in a group a few pixels each. Every scale also invents people, in rocks, trees and pots, but
mostly other ones than the next scale does: a region that two scales see is a candidate, and so is a
small one that a single scale sees. Each has to convince once more from closer.

U2-Net-P as a second opinion was tried and left out: it finds rocks and pots as outstanding as
people, and takes 0.35 s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.boxes import Box
from matting.people.looks import Picture, certainty, consensus, looks
from matting.people.network import Network
from matting.people.windows import SCALES, Map, Window, placed, seen_in, windows

_MAP_SIDE = 512
"""Long side of the map, in pixels: as fine as the windows of the second scale see."""
_FEWEST_PIXELS = 48
"""A window with a shorter side than that shows nothing."""
_PERSON = 0.5
"""Probability above which a pixel is taken for a person's."""
_SMALLEST = 0.003
"""Share of the picture below which a spot is nobody."""
_PORTRAIT_SHARE, _PORTRAIT_CERTAINTY = 0.12, 0.75
"""A portrait: people take that share at least, and the look is that sure..."""
_PORTRAIT_WIDTH, _WIDE_CERTAINTY = 1.15, 0.88
"""...or that, where the picture is wider than so many heights, as groups and scenes are."""
_PORTRAIT_AGREEMENT = 0.5
"""Intersection over union that half of the looks have with all together: a landscape of which one
tone makes a sure portrait is none. More than half is too much for scratched prints."""
_LONE_LARGEST = 0.05
"""Share of the picture up to which a region may be seen by one scale alone: people much larger or
smaller than its windows are invisible to the others."""
_STEADY, _SEEN_IN_PARTS = 0.55, 0.6
"""What every single look at the whole has to see of a person there, or else some scale of windows
on average: phantoms come and go with the tone and the mirror. (Of 16 phantoms of a tuning part two
are left, and 75 % of the people; most of the others are found again in windows.)"""
_CONVINCED, _LONE_CONVINCED = 0.6, 0.8
"""What the look from closer has to see of a candidate, and of one that a single scale saw."""
_CLOSER_LOOKS = 8
"""How many of the largest candidates are looked at from closer; where three of them convince, the
smaller ones that two scales saw are taken for more of the crowd."""
_CROWD = 3
_ROOM = 0.25
"""Around a candidate when it is looked at, as a share of its longer side."""
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
    demands: float = _CONVINCED
    """What the look from closer has to see of it."""

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    def support(self, seen: Map) -> float:
        """How much of it a map sees, 0..1."""
        return float(seen[self.box.slices][self.mask].mean())


def find(picture: Picture, network: Network) -> Found:
    """Search a picture for people.

    Args:
        picture: (height, width, 3) uint8 sRGB of any size.
        network: that looks.
    """
    seen = looks(picture, network)
    whole = consensus(seen)
    size = picture.shape[0], picture.shape[1]
    if _is_portrait(whole, seen, size):
        return _found(whole, size, 1)
    maps, count = _maps(picture, whole, network)
    probability = np.zeros_like(maps[0])
    convinced = 0
    for number, candidate in enumerate(_candidates(maps, seen)):
        witnesses = candidate.witnesses
        if number < _CLOSER_LOOKS:
            part = _around(candidate, size, maps[0].shape)
            closer = placed(
                consensus(looks(picture[part.slices], network)), part, size, maps[0].shape
            )
            count += 1
            if candidate.support(closer) < candidate.demands:
                continue
            convinced += 1
            witnesses = (*witnesses, closer)
        elif candidate.demands > _CONVINCED or convinced < _CROWD:
            continue
        _take(probability, candidate, witnesses)
    return _found(probability, size, count)


def _is_portrait(whole: Map, seen: list[Map], size: tuple[int, int]) -> bool:
    """Whether the whole shows people so plainly that there is nothing to search for."""
    wide = size[1] > _PORTRAIT_WIDTH * size[0]
    enough = _WIDE_CERTAINTY if wide else _PORTRAIT_CERTAINTY
    people = whole > _PERSON
    if float(people.mean()) < _PORTRAIT_SHARE or certainty(whole) < enough:
        return False
    agreed = sum(_agreement(look > _PERSON, people) >= _PORTRAIT_AGREEMENT for look in seen)
    return 2 * agreed >= len(seen)


def _agreement(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union; ``other`` is not empty."""
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def _maps(picture: Picture, whole: Map, network: Network) -> tuple[list[Map], int]:
    """What is seen in the whole and at each scale of windows, and in how many parts that is."""
    size = picture.shape[0], picture.shape[1]
    factor = min(1.0, _MAP_SIDE / max(size))
    shape = max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
    maps = [np.asarray(cv2.resize(whole, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)]
    count = 1
    for scale in SCALES:
        parts = windows(size, scale)
        if parts[0].width >= _FEWEST_PIXELS and len(parts) > 1:
            maps.append(seen_in(picture, parts, network, shape))
            count += len(parts)
    return maps, count


def _candidates(maps: list[Map], seen: list[Map]) -> list[_Candidate]:
    """Regions of the whole, of two scales of windows, small ones of one scale; largest first.

    Who is large in the whole is drawn best there; windows cut them into pieces.
    """
    whole, scales = maps[0], tuple(maps[1:])
    found = [
        each
        for each in _regions(whole, (whole,))
        if min(each.support(cv2.resize(look, whole.shape[::-1])) for look in seen) >= _STEADY
        or max(map(each.support, scales), default=0) >= _SEEN_IN_PARTS
    ]
    if scales:
        ranked = np.sort(np.stack(scales), axis=0)
        agreed = np.where(_near(whole), 0, ranked[-2:][0])
        found += _regions(agreed, scales)
        lone = np.where(_near(np.maximum(whole, agreed)), 0, ranked[-1])
        found += (
            replace(each, demands=_LONE_CONVINCED)
            for each in _regions(lone, scales)
            if each.area <= _LONE_LARGEST * whole.size
        )
    return sorted(found, key=lambda each: -each.area)


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


def _around(candidate: _Candidate, size: tuple[int, int], shape: tuple[int, ...]) -> Window:
    """The part of the picture in which a candidate stands, with some room."""
    box, factor = candidate.box, size[0] / shape[0]
    room = _ROOM * max(box.width, box.height)
    left, top = (max(0, int((start - room) * factor)) for start in (box.left, box.top))
    right = min(size[1], max(left + 1, round((box.left + box.width + room) * factor)))
    bottom = min(size[0], max(top + 1, round((box.top + box.height + room) * factor)))
    return Window(left, top, right - left, bottom - top)


def _take(probability: Map, candidate: _Candidate, witnesses: tuple[Map, ...]) -> None:
    """Write a candidate into the map: the witnesses' mean, those counting more who see more."""
    reach = max(1, round(_SOFT * max(probability.shape)))
    here = candidate.box.grown(reach, probability.shape).slices
    mask = np.zeros(probability.shape, np.uint8)[here]
    top, left = candidate.box.top - here[0].start, candidate.box.left - here[1].start
    rows, columns = candidate.mask.shape
    mask[top : top + rows, left : left + columns] = candidate.mask
    around = cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    weights = [candidate.support(seen) ** _POWER for seen in witnesses]
    total = sum(weight * seen[here] for weight, seen in zip(weights, witnesses, strict=True))
    probability[here] = np.maximum(probability[here], total / sum(weights) * around)


def _found(probability: Map, size: tuple[int, int], parts: int) -> Found:
    regions = _regions(probability, (probability,))
    down, across = size[0] / probability.shape[0], size[1] / probability.shape[1]
    boxes = (
        Box(b.left * across, b.top * down, b.width * across, b.height * down)
        for b in (each.box for each in regions if each.area >= _COUNTED * regions[0].area)
    )
    return Found(probability, tuple(boxes), parts)
