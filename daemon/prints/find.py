"""Which prints lie on a scan, found on a copy of 1500 pixels; and why that is not certain."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints import platen, sides
from daemon.prints.doubt import Doubt, Kind
from daemon.prints.parting import parted
from daemon.prints.piece import Piece
from daemon.prints.rectangle import MOST_ASPECT, USUAL_ASPECT, Rectangle

LONG_SIDE = 1500
_DUST = 0.004
"""Of the longer side: what is thinner is dust, a hair or a scratch."""
_LEAST_SIDE = 0.065
"""Of the longer side: 2 cm of an A4 platen."""
_LEAST_AREA = 0.008
_SPECK = 0.002
"""Of the scan: what is smaller, and no print, is passed over in silence."""
_BORDER = 0.022
"""Of the longer side: 6 mm of an A4 platen, as wide as borders of prints are."""
_LEAST_COVERED, _LEAST_FILLING = 0.9, 0.9
"""Share of its rectangle that a print covers; and that it covers without its dents, which are where
it is as dark as the platen."""
_PLAINLY_SEEN, _LEAST_FILLED = 0.9, 0.92
"""Share of an outline that shows an edge, where a print may be as dark as the platen; and of a
rectangle that is no platen, where less of an edge is seen: around one print over another's corner
there is a rectangle, too, with two corners of platen in it.
"""
_USUAL_FILLING = 0.98
"""That of nearly all is more; what is filled less may be two that were not parted."""
_LEAST_UPPER = 0.75
"""Share of the outline of a print that covers another's corner, that shows an edge."""
_LEAST_LEAD = 100.0
"""Pixels of outline by which the next best way to cut has to be dearer."""
_MOST_SHARED = 0.2
"""Of the smaller of two prints: more than a corner."""
_MOST_DEGREES = 10.0
_AT_EDGE = 0.012
"""Of the longer side: so near its edge a print lies there."""
_MOST_EDGES = 2
"""Of the scan, that a print lies at. One at three may be a photo, and its plain sky the platen."""
_MOST_PRINTS = 40
_MOST_BESIDE = 0.02
"""Of the scan: what else may lie on it."""

Print = tuple[Piece, Rectangle]
"""What was seen of it, and where its sides are."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What lies on a platen."""

    prints: tuple[Rectangle, ...] = ()
    """In pixels of the picture that was looked at; by rows, from the left."""
    doubt: Doubt | None = None
    """Why they are not to be cut out."""
    remarks: tuple[str, ...] = ()
    """Of each print: why it may be two; empty if nothing speaks for that."""

    @property
    def is_sure(self) -> bool:
        """Whether they are to be cut out, and none may be two."""
        return self.doubt is None and not any(self.remarks)


def find(photo: NDArray[np.uint8]) -> Layout:
    """Find the prints.

    Args:
        photo: (height, width, 3) sRGB; its longer side is LONG_SIDE or less.
    """
    ground = platen.find(photo)
    if ground.doubt:
        return Layout(doubt=ground.doubt)
    first = _laid_out(ground)
    mendable = first.doubt is not None and first.doubt.may_be_mended
    if not mendable and not any(first.remarks):
        return first
    # Uneven light looks like faint paper: so it is looked for only where that can mend a doubt. No
    # paper makes a seam better seen where there is no other way to cut.
    second = _laid_out(ground.with_faint)
    return second if second.is_sure or (first.doubt and not second.doubt) else first


def _laid_out(ground: platen.Platen) -> Layout:
    long_side, pixels = max(ground.mask.shape), ground.mask.size
    pieces = _pieces(ground, long_side)
    prints = [one for one in pieces if _is_print(one, pixels, long_side)]
    if not prints:
        return Layout(doubt=Doubt(Kind.NO_PRINT))
    found = _in_rows(
        [(one, _with_borders(number, prints, ground)) for number, one in enumerate(prints)]
    )
    beside = sum(float(one.mask.sum()) for one in pieces if one not in prints)
    doubt = _doubt(found, beside / pixels)
    rectangles = tuple(rectangle for _, rectangle in found)
    return Layout(rectangles, doubt, tuple(_remark(*each) for each in found))


def _pieces(ground: platen.Platen, long_side: int) -> list[Piece]:
    """What lies on the platen, filled and without dust, parted into rectangles."""
    size = max(3, round(_DUST * long_side) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    padded = _filled(np.pad(ground.mask, size))
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)
    clean = np.ascontiguousarray(opened[size:-size, size:-size])
    least = _LEAST_SIDE * long_side, _SPECK * ground.mask.size
    return parted(ground, clean, least)


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without holes: a print may have the platen's colour in it."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    return filled


def _is_print(one: Piece, pixels: int, long_side: int) -> bool:
    least = _LEAST_SIDE * long_side
    large = min(one.rectangle.width, one.rectangle.height) >= least
    return large and one.rectangle.area >= _LEAST_AREA * pixels


def _with_borders(number: int, prints: list[Piece], ground: platen.Platen) -> Rectangle:
    others = np.zeros_like(ground.mask)
    for at, other in enumerate(prints):
        if at != number:
            others |= other.mask
    reach = _BORDER * max(ground.mask.shape)
    rectangle = sides.over_borders(ground.off, others, prints[number].rectangle, reach)
    return sides.snapped(ground.off, rectangle, 4)


def _doubt(found: list[Print], beside: float) -> Doubt | None:
    if len(found) > _MOST_PRINTS:
        return Doubt(Kind.MANY_PRINTS, amount=len(found))
    if beside > _MOST_BESIDE:
        return Doubt(Kind.SOMETHING_ELSE)
    for number, (piece, rectangle) in enumerate(found, start=1):
        doubt = _doubt_of(piece, rectangle)
        if doubt is not None:
            return replace(doubt, print=number)
    for (_, one), (_, other) in itertools.combinations(found, 2):
        if one.shared(other) > _MOST_SHARED * min(one.area, other.area):
            return Doubt(Kind.ON_EACH_OTHER)
    return None


def _doubt_of(one: Piece, rectangle: Rectangle) -> Doubt | None:
    if one.more or not _is_rectangle(one, rectangle):
        return Doubt(Kind.NO_RECTANGLE)
    if one.unseen_seam or one.upper < _LEAST_UPPER:
        return Doubt(Kind.UNSEEN_SEAM)
    if rectangle.aspect > MOST_ASPECT:
        return Doubt(Kind.LONG, amount=rectangle.aspect)
    if abs(rectangle.degrees) > _MOST_DEGREES:
        return Doubt(Kind.ASKEW, amount=abs(rectangle.degrees))
    if _edges(rectangle, one.mask.shape) > _MOST_EDGES:
        return Doubt(Kind.MANY_EDGES)
    return None


def _edges(rectangle: Rectangle, scan: tuple[int, ...]) -> int:
    """At how many edges of a scan of (height, width) it lies with a whole side."""
    height, width = scan
    near = _AT_EDGE * max(scan)
    x, y = np.sort(rectangle.corners, axis=0).T
    return sum((x[1] < near, y[1] < near, x[2] > width - near, y[2] > height - near))


def _is_rectangle(one: Piece, rectangle: Rectangle) -> bool:
    if one.seen is not None:
        return one.seen >= _PLAINLY_SEEN or one.filling >= _LEAST_FILLED
    covered, without_dents = float(one.mask.sum()), one.hull_area
    least = min(covered / _LEAST_COVERED, without_dents / _LEAST_FILLING)
    return least >= _area_seen(one, rectangle)


def _area_seen(one: Piece, rectangle: Rectangle) -> float:
    """Without a border that its sides were moved over: that is too faint to be seen as covered."""
    return min(one.rectangle.area, rectangle.area)


def _remark(one: Piece, rectangle: Rectangle) -> str:
    """Two prints that touch, or of which one hides a corner, can look nearly like one."""
    if rectangle.aspect > USUAL_ASPECT:
        return f"{rectangle.aspect:.1f} times as long as it is wide"
    if one.lead < _LEAST_LEAD:
        return "it could be cut in another way as well"
    if one.seen is None and one.hull_area < _USUAL_FILLING * _area_seen(one, rectangle):
        return "a corner is missing"
    return ""


def _in_rows(prints: list[Print]) -> list[Print]:
    """As people read them: a row is what overlaps in height with the highest that is left."""
    left, rows = sorted(prints, key=lambda one: one[1].y), list[Print]()
    while left:
        bottom = left[0][1].y + left[0][1].height / 3
        count = sum(rectangle.y <= bottom for _, rectangle in left)
        rows += sorted(left[:count], key=lambda one: one[1].x)
        left = left[count:]
    return rows
