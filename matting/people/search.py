"""Search a picture for people, small ones and groups included, and leave phantoms out.

A portrait is seen at once: the looks at the whole picture are sure, and agree in every tone.
Anything else is looked at in windows of two scales, too, since the whole picture squeezed to
256 x 256 leaves the people in a group a few pixels each. Each scale also invents people, in rocks,
trees and pots; so a second network that learnt from old photographs is asked once, and decides.
Whoever it leaves out though a face shows there is looked at from closer.

Tried without it: two scales have to agree, and a look from closer to convince. That missed 11 % of
old photographs and invented people in 10 % of empty ones (parts that were set aside), and U2-Net-P
in its place was no better: to it rocks and pots stand out as people do.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.faces import CLOSELY, Face
from matting.faces import find as find_faces
from matting.people.candidates import (
    PERSON,
    Candidate,
    candidates,
    margin,
    near,
    regions,
    spread,
)
from matting.people.closer import with_faces
from matting.people.conviction import glimpsed, is_convinced
from matting.people.doubt import Disagreement, among, between
from matting.people.looks import (
    Picture,
    certainty,
    consensus,
    looks,
    weighted,
)
from matting.people.network import Network
from matting.people.networks import Networks
from matting.people.windows import SCALES, Map, seen_in
from matting.picture.boxes import Box
from matting.picture.windows import windows

_MAP_SIDE = 512
"""Long side of the map, in pixels: as fine as the windows of the second scale see."""
_FEWEST_PIXELS = 48
"""A window with a shorter side than that shows nothing."""
_PORTRAIT_SHARE, _PORTRAIT_CERTAINTY = 0.12, 0.75
"""A portrait: people take that share at least, and all looks together are that sure..."""
_PLAIN_CERTAINTY = 0.87
"""...and so sure that there is nothing to search for: clean ones are, faded ones and groups not."""
_UNASKED_CERTAINTY = 0.93
"""From which the second network is not even shown the portrait, small: two of three are that sure,
and no empty picture of those that were tuned on is. If it sees nothing then, there is something to
search for: two children before leaves were an empty matte."""
_PORTRAIT_AGREEMENT = 0.5
"""Intersection over union that a look has with all together: a landscape that one tone makes a sure
portrait of is none in another."""
_PLAIN_AGREEMENT = 0.8
"""Likewise, of all looks, or there is something to search for: of a faded boy before foliage four
took the foliage, too, and were so sure of it that two others counted for nothing."""
_PLAIN_ENOUGH = 0.5
"""Share of the looks that agree in a portrait, from which hardly anybody found is not believed."""
_BACKED = 0.1
"""What some look has to see, on average, of people whom the second network alone sees..."""
_CROWD, _CROWD_PEAK, _CROWD_MEAN = 0.07, 0.93, 0.75
"""...unless they take that share of the picture, and it is that sure of them."""
_SOMEBODY = 0.15
"""What it has to see, on average, of a portrait that it would not have by itself..."""
_KEPT = 0.5
"""...which is one where less than that share is left..."""
_TRUSTED_CERTAINTY = 0.6
"""...unless it is that sure, over the whole picture, of a portrait of its own."""
_POWER = 2
"""Of the share of a candidate that a witness sees, by which its word is weighted..."""
_WEIGHT = 5
"""...and what the second network's counts against that. Measured on composed pictures: at 1, old
prints with foliage have 0.02 less IoU, at 3 groups and full figures before photographs 0.002."""
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
    whole: Map
    """(SIDE, SIDE): what the looks at the whole picture, mirrored and in several tones, agree on;
    before anybody else was asked."""
    looks: Disagreement
    """Of those."""
    second: Disagreement | None = None
    """Of the second network with them; None where it was not asked."""
    faces: tuple[Face, ...] | None = None
    """What was seen of faces, in the picture's pixels, the surest first; None where none were
    looked for."""

    @property
    def share(self) -> float:
        """Of the picture that is taken for people, 0..1."""
        return float((self.probability > PERSON).mean())


def find(picture: Picture, networks: Networks) -> Found:
    """Search a picture for people.

    Args:
        picture: (height, width, 3) uint8 sRGB of any size.
        networks: that look.
    """
    aged = networks.aged
    seen = looks(picture, networks.quick)
    whole = consensus(seen)
    size = picture.shape[0], picture.shape[1]
    agreements, sure = _agreements(whole, seen), certainty(whole)
    is_plain = min(agreements) >= _PLAIN_AGREEMENT and sure >= _PLAIN_CERTAINTY
    if is_plain and (sure >= _UNASKED_CERTAINTY or glimpsed(whole > PERSON, aged.glance(picture))):
        return _found(whole, size, 1, whole, among(seen))
    with ThreadPoolExecutor(2) as aside:
        asked = aside.submit(aged.look, picture)
        shown = aside.submit(_faces_in, picture, networks)
        maps, parts = _maps(picture, whole, networks.quick)
        opinion, faces = asked.result(), shown.result()
    doubts = among(seen), between(whole, opinion)
    second = _resized(opinion, maps[0].shape)
    probability = convincing(
        maps, second, lambda: _resized(aged.look_mirrored(picture), second.shape)
    )
    is_portrait = np.mean([each >= _PORTRAIT_AGREEMENT for each in agreements]) >= _PLAIN_ENOUGH
    # Of a plain one the second network saw nothing at a glance, which is no reason to keep it.
    if is_portrait and not is_plain and lost(maps[0] > PERSON, probability, second):
        probability = whole
    probability = with_faces(probability, picture, faces or (), networks)
    return _found(probability, size, parts, whole, *doubts, faces)


def convincing(maps: list[Map], second: Map, mirrored: Callable[[], Map]) -> Map:
    """Whom they agree on, if that convinces the second network; else nobody.

    Where it is asked about the mirror image, too, what it says of both counts: that is better than
    one, though not worth the time to ask always.

    Args:
        maps: what looks see, all of one shape.
        second: what the second network sees.
        mirrored: asks it about the mirror image, and turns the answer back.
    """
    opinions = [second]

    def ask() -> Map:
        opinions.append(mirrored())
        return opinions[-1]

    probability = agreed(maps, second)
    if not is_convinced(probability > PERSON, second, ask):
        return np.zeros_like(second)
    if len(opinions) == 1:
        return probability
    return agreed(maps, weighted(opinions, [1] * len(opinions)))


def agreed(maps: list[Map], second: Map) -> Map:
    """Whom the second network and the looks agree on, and whom it alone is very sure of.

    What it alone sees beside them is theirs, skirts and feet, unless that is more than they are.
    """
    probability = np.zeros_like(second)
    for candidate in candidates(maps):
        if candidate.support(second) >= PERSON:
            _take(probability, candidate, candidate.witnesses, second)
    best = np.max(maps, axis=0)
    unseen = np.where(probability > PERSON, 0, second)
    beside, taken = near(probability), np.count_nonzero(probability > PERSON)
    for candidate in regions(unseen, tuple(maps)):
        backed = candidate.support(best) >= _BACKED
        more = candidate.area <= taken and candidate.touches(beside)
        if backed or more or _is_crowd(candidate, second):
            _take(probability, candidate, candidate.witnesses if backed else (), second)
    return probability


def _is_crowd(candidate: Candidate, second: Map) -> bool:
    """Whether the second network may be believed alone: of groups in halftone no look sees any."""
    large = candidate.area >= _CROWD * second.size
    sure = candidate.peak(second) >= _CROWD_PEAK and candidate.support(second) >= _CROWD_MEAN
    return large and sure


def lost(portrait: NDArray[np.bool_], probability: Map, second: Map) -> bool:
    """Whether most of a portrait is gone that the second network sees something of.

    Scratched all over, a print is hardly anybody to it; a rock or a bridge is nobody at all. Where
    it sees a portrait itself, and a smaller one, the rest was foliage.
    """
    kept = float((probability > PERSON)[portrait].mean())
    if kept >= _KEPT or _is_portrait(second, _TRUSTED_CERTAINTY):
        return False
    return float(second[portrait].mean()) >= _SOMEBODY


def _is_portrait(seen: Map, sure: float) -> bool:
    return float((seen > PERSON).mean()) >= _PORTRAIT_SHARE and certainty(seen) >= sure


def _agreements(whole: Map, seen: list[Map]) -> list[float]:
    """How far each look agrees that this is a portrait, 0..1; all 0 where it is none."""
    if not _is_portrait(whole, _PORTRAIT_CERTAINTY):
        return [0.0] * len(seen)
    return [_agreement(look > PERSON, whole > PERSON) for look in seen]


def _agreement(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union; ``other`` is not empty."""
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def _faces_in(picture: Picture, networks: Networks) -> tuple[Face, ...] | None:
    """None where the network for it is not there."""
    if networks.faces is None:
        return None
    return tuple(find_faces(picture, networks.faces, CLOSELY))


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


def _take(probability: Map, candidate: Candidate, witnesses: tuple[Map, ...], second: Map) -> None:
    """Write a candidate into the map: the mean log odds of second and of witnesses.

    The mean of probabilities left foliage half transparent that looks were sure of and it was not.
    """
    reach = margin(probability)
    here = candidate.box.grown(reach, probability.shape).slices
    mask = np.zeros(probability.shape, np.uint8)[here]
    top, left = candidate.box.top - here[0].start, candidate.box.left - here[1].start
    rows, columns = candidate.mask.shape
    mask[top : top + rows, left : left + columns] = candidate.mask
    weights = [candidate.support(seen) ** _POWER for seen in witnesses]
    mean = weighted([seen[here] for seen in (*witnesses, second)], [*weights, _WEIGHT])
    probability[here] = np.maximum(probability[here], spread(mask, reach) * mean)


def _found(
    probability: Map,
    size: tuple[int, int],
    parts: int,
    whole: Map,
    looks: Disagreement,
    second: Disagreement | None = None,
    faces: tuple[Face, ...] | None = None,
) -> Found:
    found = regions(probability, (probability,))
    down, across = size[0] / probability.shape[0], size[1] / probability.shape[1]
    boxes = (
        Box(b.left * across, b.top * down, b.width * across, b.height * down)
        for b in (each.box for each in found if each.area >= _COUNTED * found[0].area)
    )
    return Found(probability, tuple(boxes), parts, whole, looks, second, faces)
