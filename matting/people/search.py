"""Search a picture for people, small ones and groups included, and vote against phantoms.

A portrait is seen at once: one look at the whole picture decides, sure of itself. Anything else is
looked at in windows of three scales, too, since the whole picture squeezed to 256 x 256 leaves the
people in a group a few pixels each. Every scale also invents people in rocks, trees and pots, other
ones than the next scale does: who is seen at one alone has to convince from closer.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.boxes import Box
from matting.people.judge import Judge
from matting.people.looks import Picture, certainty, consensus
from matting.people.network import Network
from matting.people.windows import SCALES, Map, Window, seen_in, windows

_MAP_SIDE = 512
"""Long side of the map, in pixels: as fine as the windows of the second scale see."""
_MOST_WINDOWS = (6, 16, 30)
"""For each scale; half a second on one core in all."""
_FEWEST_PIXELS = 48
"""A window with a shorter side than that shows nothing."""
_PERSON = 0.5
"""Probability above which a pixel is taken for a person's."""
_SMALLEST = 0.003
"""Share of the picture below which a spot is nobody."""
_PLAIN_SHARE, _PLAIN_CERTAINTY, _PLAIN_WIDTH = 0.12, 0.75, 1.15
"""A portrait: people take that share at least, the look is that sure, and the picture is no wider
than so many heights (groups and scenes are)."""
_CLOSER_LOOKS = 6
"""How many of the largest candidates are looked at from closer."""
_ROOM = 0.25
"""Around a candidate then, as a share of its longer side."""
_VOTE = 0.42
"""Mean support that makes a candidate a person; see docs/benchmarks.md."""
_SOFT = 0.02
"""How far around a person the map is kept, as a share of its long side."""
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
    windows: int
    """How many parts of the picture were looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A connected region that some scale takes for people."""

    mask: NDArray[np.bool_]
    """As the map."""
    box: Window
    """In the map."""
    area: int

    def support(self, seen: Map) -> float:
        """How much of it another map sees."""
        here = self.box.slices
        return float(seen[here][self.mask[here]].mean())


def find(picture: Picture, network: Network, judge: Judge | None = None) -> Found:
    """Search a picture for people.

    Args:
        picture: (height, width, 3) uint8 sRGB of any size.
        network: that looks.
        judge: a second opinion on who is doubtful; None: there is none.
    """
    whole = consensus(picture, network)
    if _is_portrait(whole, picture.shape[:2]):
        return _found(whole, picture.shape[:2], 1)
    shape = _map_shape(picture.shape[:2])
    maps = [cv2.resize(whole, shape[::-1], interpolation=cv2.INTER_LINEAR)]
    count = 1
    for (scale, step), most in zip(SCALES, _MOST_WINDOWS, strict=True):
        parts = windows(picture.shape[:2], scale, step, most)
        if parts[0].width >= _FEWEST_PIXELS and len(parts) > 1:
            maps.append(seen_in(picture, parts, network, shape))
            count += len(parts)
    probability = np.zeros(shape, np.float32)
    for number, candidate in enumerate(_candidates(np.max(maps, axis=0))):
        witnesses = list(maps)
        votes = [sorted(candidate.support(seen) for seen in maps)[-2:][0]]
        if number < _CLOSER_LOOKS:
            part = _around(candidate, picture.shape[:2], shape)
            closer = _closer(picture, part, network, shape)
            votes.append(candidate.support(closer))
            witnesses.append(closer)
            if judge is not None:
                votes.append(candidate.support(_placed(judge.look(picture[part.slices]), part, picture.shape[:2], shape)))
            count += 1
        if np.mean(votes) >= _VOTE:
            np.maximum(probability, _settled(candidate, witnesses), out=probability)
    return _found(probability, picture.shape[:2], count)


def _is_portrait(look: Map, size: tuple[int, int]) -> bool:
    return (
        size[1] <= _PLAIN_WIDTH * size[0]
        and float((look > _PERSON).mean()) >= _PLAIN_SHARE
        and certainty(look) >= _PLAIN_CERTAINTY
    )


def _map_shape(size: tuple[int, int]) -> tuple[int, int]:
    factor = min(1.0, _MAP_SIDE / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _candidates(highest: Map) -> list[_Candidate]:
    """The regions, largest first."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        (highest > _PERSON).astype(np.uint8)
    )
    found = [
        _Candidate(labels == number, Window(*boxes[number][:4].tolist()), int(boxes[number][4]))
        for number in range(1, count)
        if boxes[number][4] >= _SMALLEST * highest.size
    ]
    return sorted(found, key=lambda each: -each.area)


def _around(candidate: _Candidate, size: tuple[int, int], shape: tuple[int, int]) -> Window:
    """The part of the picture in which a candidate stands, with some room."""
    box, factor = candidate.box, size[0] / shape[0]
    room = _ROOM * max(box.width, box.height)
    left, top = (max(0, int((start - room) * factor)) for start in (box.left, box.top))
    right = min(size[1], max(left + 1, round((box.left + box.width + room) * factor)))
    bottom = min(size[0], max(top + 1, round((box.top + box.height + room) * factor)))
    return Window(left, top, right - left, bottom - top)


def _closer(picture: Picture, part: Window, network: Network, shape: tuple[int, int]) -> Map:
    return _placed(consensus(picture[part.slices], network), part, picture.shape[:2], shape)


def _placed(look: Map, part: Window, size: tuple[int, int], shape: tuple[int, int]) -> Map:
    """A look at a part, as a map of the whole."""
    seen = np.zeros(shape, np.float32)
    here = part.in_map(size, shape)
    extent = here[1].stop - here[1].start, here[0].stop - here[0].start
    seen[here] = cv2.resize(look, extent, interpolation=cv2.INTER_AREA)
    return seen


def _settled(candidate: _Candidate, witnesses: list[Map]) -> Map:
    """The witnesses' mean around a candidate; who sees more of it counts more."""
    reach = 2 * max(1, round(_SOFT * max(candidate.mask.shape))) + 1
    around = cv2.dilate(candidate.mask.astype(np.uint8), np.ones((reach, reach), np.uint8))
    weights = [candidate.support(seen) ** 2 for seen in witnesses]
    total = sum(w * seen for w, seen in zip(weights, witnesses, strict=True))
    return np.asarray(total / sum(weights) * around, np.float32)


def _found(probability: Map, size: tuple[int, int], looked: int) -> Found:
    regions = _candidates(probability)
    counted = [each for each in regions if each.area >= _COUNTED * regions[0].area]
    down, across = size[0] / probability.shape[0], size[1] / probability.shape[1]
    boxes = (
        Box(b.left * across, b.top * down, b.width * across, b.height * down)
        for b in (each.box for each in counted)
    )
    return Found(probability, tuple(boxes), looked)
