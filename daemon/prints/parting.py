"""Prints that touch, cover another's corner or are as dark as the platen in places, told apart.

An outline says little of them. So each rectangle that has edges on all four sides is a hypothesis,
and those are taken that explain together, at the lowest price, what lies there.

Cuts from notch to notch of the outline were tried before. They were right on four of five scans,
and where they were to find more they cut through prints that lay on one another.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints import angles, cover, frame, hypotheses, seams, sides
from daemon.prints.hypotheses import Hypothesis
from daemon.prints.piece import Mask, Piece, whole
from daemon.prints.platen import Platen
from daemon.prints.rectangle import MOST_ASPECT, USUAL_ASPECT, Rectangle

_GOOD = 0.985
"""Share of its rectangle that a print covers; what covers as much is one, if it is not long."""
_SCALE = 2 / 3
"""Of the small copy: edges are seen as well, in half the time."""
_MARGIN = 64
"""Pixels around what is looked at."""
_PLAIN, _PLAIN_HULL = 0.92, 0.97
"""Share of its rectangle that a piece covers, as it is and without dents."""
_SURE = 0.95
"""Share of an outline that shows an edge; where less is seen, another angle is tried."""
_PLAINLY = 0.9
"""Likewise, of what is a print whatever lies beside it."""
_SMALL = 5.0
"""Times the shortest side: so large is what is one print or two, and may be tried at all angles."""
_ALL_DEGREES = tuple(np.arange(-10.0, 10.1, 1.0))
_REACH = 0.33
"""Of the shortest side: borders are hardly wider."""
_EDGE, _MOST_BROAD = 0.15, 0.1
"""Of the shortest side: what is as broad, and of its square, what as much may be in no print."""
_MOST_LEFT = 0.06
"""Of what lies there: what no rectangle explains."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What of a scan is looked at on its own."""

    off: NDArray[np.float32]
    lies: Mask
    noise: float
    least_side: float
    outlined: bool

    def seen_at(self, degrees: Sequence[float]) -> list[Hypothesis]:
        """What could be prints, if they lay so far askew."""
        frames = (self._turned(each) for each in degrees)
        return [h for one in frames for h in hypotheses.of_frame(one, _SCALE * self.least_side)]

    def seen_of(self, prints: Sequence[Rectangle]) -> tuple[bool, float]:
        """Whether a seam is not seen; and what is seen of the upper one where two overlap."""
        frames = [self._turned(one.degrees) for one in prints]
        unseen = any(
            seams.unseen(one, [*prints[:number], *prints[number + 1 :]], frames[number])
            for number, one in enumerate(prints)
        )
        pairs = itertools.combinations(zip(prints, frames, strict=True), 2)
        upper = [
            max(seams.within(one, other, of_one), seams.within(other, one, of_other))
            for (one, of_one), (other, of_other) in pairs
        ]
        return unseen, min(upper, default=1.0)

    def _turned(self, degrees: float) -> frame.Frame:
        seen = frame.turned(self.off, self.lies, degrees, _SCALE, self.noise)
        return seen.outlined if self.outlined else seen


def parted(ground: Platen, mask: Mask, least: tuple[float, float]) -> list[Piece]:
    """The pieces on a scan that may be prints.

    Args:
        ground: what they lie on.
        mask: (height, width), 1 where something lies, without dust.
        least: the shortest side of a print, pixels, and the least area that is looked at.
    """
    least_side, least_area = least
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    numbers = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= least_area]
    pieces = [whole((labels == n).astype(np.uint8)) for n in numbers]
    good = [one for one in pieces if _is_one(one)]
    for group in _groups([one for one in pieces if not _is_one(one)]):
        good += _explained(ground, group, least_side)
    return good


def _is_one(piece: Piece) -> bool:
    """Two of one width that touch fill their rectangle, too; but it is long.

    What is longer than any print is not parted: it was no hypothesis itself, so any would do.
    """
    long = USUAL_ASPECT < piece.rectangle.aspect <= MOST_ASPECT
    return piece.filling >= _GOOD and not long


def _groups(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces whose rectangles overlap: a dark print may be seen in several."""
    groups: list[list[Piece]] = []
    for one in pieces:
        near = [g for g in groups if any(one.rectangle.shared(p.rectangle) > 0 for p in g)]
        groups = [g for g in groups if g not in near]
        groups.append([one, *(p for g in near for p in g)])
    return groups


def _explained(ground: Platen, group: list[Piece], least_side: float) -> list[Piece]:
    """The prints in a group of pieces; the pieces themselves, if no rectangles explain them."""
    mask = np.maximum.reduce([one.mask for one in group])
    left, top, right, bottom = _window(mask)
    lies = np.ascontiguousarray(mask[top:bottom, left:right])
    off = np.ascontiguousarray(ground.off[top:bottom, left:right])
    part = _Part(off, lies, ground.noise, least_side, ground.outlined)
    chosen, best = _choice(part)
    fitted = _fitted(lies, [one.rectangle for one in chosen], _REACH * least_side)
    if _is_left(lies, fitted, least_side):
        # Sure prints, and something beside them: together they are none, though they look like one.
        more = bool(chosen) and min(one.seen for one in chosen) >= _PLAINLY
        return [replace(one, more=more) for one in group]
    if not chosen or best.left_over > _MOST_LEFT * float(lies.sum()):
        return group
    if len(group) == 1 == len(chosen) and _is_plain(group[0]):
        return group
    moved = [one.moved(left, top) for one in fitted]
    unseen, upper = part.seen_of([one.rectangle for one in chosen])
    return [
        Piece(_within(mask, each), each, one.seen, unseen, upper, lead=best.lead)
        for one, each in zip(chosen, moved, strict=True)
    ]


def _choice(part: _Part) -> tuple[list[Hypothesis], cover.Cover]:
    """Looked at as its outline lies, and then more closely.

    Short sides and dark ones tell badly how far askew a print lies. A rectangle that was found all
    the same, moved to the edges that it has, tells it well.
    """
    found = part.seen_at(angles.of_outline(part.lies, part.least_side))
    best = cover.cheapest(found, part.lies)
    if (
        best.left_over > _MOST_LEFT * float(part.lies.sum())
        and max(part.lies.shape) < _SMALL * part.least_side
    ):
        found += part.seen_at(_ALL_DEGREES)
        best = cover.cheapest(found, part.lies)
    unsure = [found[number] for number in best.chosen if found[number].seen < _SURE]
    if unsure:
        turned = [sides.snapped(part.off, one.rectangle, 4).degrees for one in unsure]
        found += part.seen_at(angles.distinct(turned))
        best = cover.cheapest(found, part.lies)
    return [found[number] for number in best.chosen], best


def _is_plain(one: Piece) -> bool:
    """A deckled edge is told better by what it holds than by lines."""
    return one.filling >= _PLAIN and one.hull_area >= _PLAIN_HULL * one.rectangle.area


def _fitted(lies: Mask, rectangles: Sequence[Rectangle], reach: float) -> list[Rectangle]:
    fitted = list(rectangles)
    for number, one in enumerate(fitted):
        own = lies.copy()
        for other in (*fitted[:number], *fitted[number + 1 :]):
            cv2.fillConvexPoly(own, np.round(other.corners).astype(np.int32), 0)
        fitted[number] = sides.over_left(own, one, reach)
    return fitted


def _is_left(lies: Mask, prints: Sequence[Rectangle], least_side: float) -> bool:
    """Whether something is in no print that is no mere edge, such as a print below others."""
    rest = lies.copy()
    for one in prints:
        cv2.fillConvexPoly(rest, np.round(one.corners).astype(np.int32), 0)
    size = max(3, round(_EDGE * least_side) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    broad = cv2.morphologyEx(rest, cv2.MORPH_OPEN, kernel)
    return float(broad.sum()) > _MOST_BROAD * least_side**2


def _window(mask: Mask) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.boundingRect(mask)
    bottom, right = (
        min(mask.shape[0], top + height + _MARGIN),
        min(mask.shape[1], left + width + _MARGIN),
    )
    return max(0, left - _MARGIN), max(0, top - _MARGIN), right, bottom


def _within(mask: Mask, rectangle: Rectangle) -> Mask:
    drawn = np.zeros_like(mask)
    cv2.fillConvexPoly(drawn, np.round(rectangle.corners).astype(np.int32), 1)
    return np.asarray(mask & drawn)
