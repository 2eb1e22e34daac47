"""How far answers about one picture are apart, and where: what they disagree on is often wrong."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from matting.people.network import Probability
from matting.picture.boxes import Box
from matting.picture.hotspot import hotspot

_SHORTEST = 20
"""Pixels of outline that count if fewer are seen."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Of several answers."""

    value: float
    """The sum of the differences over the length of the outline: how wide a band of full doubt
    along it were, in pixels of the answers. Over the area instead, thin figures look doubtful."""
    place: Box | None
    """Where it is largest, as shares of the picture's width and height."""

    def as_json(self) -> list[float]:
        """``[value, left, top, width, height]``, or the value alone."""
        box = self.place
        where = () if box is None else (box.x, box.y, box.width, box.height)
        return [round(number, 4) for number in (self.value, *where)]


def among(seen: list[Probability]) -> Disagreement:
    """How far looks, mirrored and in several tones, are from their mean."""
    stack = np.stack(seen)
    mean = stack.mean(axis=0)
    return _told(np.abs(stack - mean).mean(axis=0), mean)


def between(one: Probability, other: Probability) -> Disagreement:
    """How far two networks are apart; the first says how much there is of people.

    Args:
        one: (rows, columns).
        other: of any size, of the same picture.
    """
    other = np.asarray(cv2.resize(other, one.shape[::-1], interpolation=cv2.INTER_LINEAR))
    return _told(np.abs(one - other), np.maximum(one, other))


def _told(difference: Probability, people: Probability) -> Disagreement:
    person = (people > 0.5).astype(np.uint8)
    inner = person - cv2.erode(person, np.ones((3, 3), np.uint8))
    length = max(_SHORTEST, int(np.count_nonzero(inner)))
    place = hotspot(difference)
    if place is not None:
        rows, columns = difference.shape
        across, down = 1 / columns, 1 / rows
        place = Box(place.x * across, place.y * down, place.width * across, place.height * down)
    return Disagreement(float(difference.sum()) / length, place)
