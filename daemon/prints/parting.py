"""Prints that touch, or of which one covers another's corner, parted where their outlines meet.

Where two rectangles meet, the outline of both has a notch. Cuts from notch to notch, or from a
notch straight on along a side, are tried, and the one is taken that leaves the best rectangles. A
corner that is cut off does not matter: the rectangle around the rest has it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints.rectangle import Rectangle

_COARSE = 0.006
"""Of the scan's longer side: what of an outline is no corner, deckled edges included."""
_NOTCH_DEGREES = 20.0
_GOOD = 0.985
"""Share of its rectangle that a print covers; nothing is parted above it."""
_GAIN = 0.012
_LEAST_PIECE = 0.82
_MOST_NOTCHES = 14
_LEAST_CUT = 4.0
_SHORT = 0.6
"""Of the shortest side: so short a cut is one of two corners, where nothing is to be seen."""
_PLAINER = 1.25
_STRIP, _STRIP_FILLING = 2.6, 0.9
"""What is longer, and so much of a rectangle, is no print: it was cut off one."""

_LOOKED_AT = 420
"""Longer side of the mask in which cuts are tried."""
_STEEP = 3.0
_LEAST_OF_CUT, _LEAST_OF_STRAIGHT = 0.7, 0.96
"""Share of a cut along which the picture has to change: from notch to notch; and from one straight
on, which may lead on into a print that another one covers."""

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What may be a print."""

    mask: Mask
    rectangle: Rectangle
    filling: float
    """Share of the rectangle that it covers."""


def piece(mask: Mask) -> Piece:
    """Look at a mask of one connected piece."""
    contour = _outline(mask)
    rectangle = Rectangle.around(contour)
    return Piece(mask, rectangle, min(1.0, float(mask.sum()) / max(1.0, _grown(rectangle))))


def _grown(rectangle: Rectangle) -> float:
    """Its area in pixels that it covers, while corners are told in their middles."""
    return (rectangle.width + 1) * (rectangle.height + 1)


def parted(mask: Mask, steep: NDArray[np.float32], least_side: float) -> list[Piece]:
    """The prints in a mask of one connected piece.

    Args:
        mask: (height, width), 1 where it is.
        steep: (height, width) how fast the picture changes there, Lab's units a pixel.
        least_side: of a print, pixels.
    """
    left, top, width, height = cv2.boundingRect(mask)
    window = slice(top, top + height), slice(left, left + width)
    own = mask[window]
    whole = piece(mask)
    if whole.filling >= _GOOD:
        return [whole]
    factor = min(1.0, _LOOKED_AT / max(own.shape))
    size = max(8, round(width * factor)), max(8, round(height * factor))
    small = piece(cv2.resize(own, size, interpolation=cv2.INTER_NEAREST))
    edges = cv2.resize(steep[window], size, interpolation=cv2.INTER_AREA)
    parts = _parted(small, edges, least_side * factor)
    if len(parts) == 1:
        return [whole]
    return [_enlarged(part, mask, window) for part in parts]


def _enlarged(part: Piece, mask: Mask, window: tuple[slice, slice]) -> Piece:
    own = np.zeros_like(mask)
    height, width = own[window].shape
    # A cut is two pixels wide in the small picture, which the pieces on both sides get back.
    grown = cv2.dilate(part.mask, np.ones((3, 3), np.uint8))
    own[window] = cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST)
    return piece(own & mask)


def _parted(
    whole: Piece, steep: NDArray[np.float32], least_side: float, depth: int = 0
) -> list[Piece]:
    if whole.filling >= _GOOD or depth > 8:
        return [whole]
    best, best_score = None, whole.filling + _GAIN
    for begin, end, share in _cuts(whole.mask):
        if _edge(steep, begin, end, least_side) < share:
            continue
        if share == _LEAST_OF_STRAIGHT and not _stands_out(steep, begin, end, least_side):
            continue
        pieces = _cut(whole.mask, begin, end, least_side)
        if len(pieces) < 2 or min(one.filling for one in pieces) < _least(pieces):
            continue
        if any(one.rectangle.aspect > _STRIP and one.filling > _STRIP_FILLING for one in pieces):
            continue
        areas = [float(one.mask.sum()) for one in pieces]
        score = sum(a * one.filling for a, one in zip(areas, pieces, strict=True)) / sum(areas)
        if score > best_score:
            best, best_score = pieces, score
    if best is None:
        return [whole]
    return [one for part in best for one in _parted(part, steep, least_side, depth + 1)]


def _edge(
    steep: NDArray[np.float32],
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    least_side: float,
) -> float:
    """Along what share of a line the picture changes, as where a print ends.

    What is dark on a black platen leaves notches, too, and nothing ends along the line from them.
    """
    length = float(np.hypot(*(end - begin)))
    if length < _SHORT * least_side:
        return 1.0
    along = begin + np.linspace(0.04, 0.96, max(8, round(length)))[:, None] * (end - begin)
    most = np.array(steep.shape)[::-1] - 1
    columns, rows = np.clip(np.round(along), 0, most).astype(int).T
    near = cv2.dilate(steep, np.ones((3, 3), np.uint8))[rows, columns]
    return float(np.mean(near > _STEEP))


def _stands_out(
    steep: NDArray[np.float32],
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    least_side: float,
) -> bool:
    """Whether the picture changes more along a line than beside it, in each quarter of it.

    In the middle of a photo much changes everywhere.
    """
    length = float(np.hypot(*(end - begin)))
    if length < _SHORT * least_side:
        return True
    line = begin + np.linspace(0.04, 0.96, max(8, round(length)))[:, None] * (end - begin)
    normal = _unit(end - begin)[::-1] * (-1, 1)
    most = np.array(steep.shape)[::-1] - 1
    values = []
    for step in (-8, -6, -1, 0, 1, 6, 8):
        columns, rows = np.clip(np.round(line + step * normal), 0, most).astype(int).T
        values.append(steep[rows, columns])
    there, beside = np.max(values[2:5], axis=0), np.median(values[:2] + values[5:], axis=0)
    quarters = zip(np.array_split(there, 4), np.array_split(beside, 4), strict=True)
    return all(one.mean() > _PLAINER * max(1.0, other.mean()) for one, other in quarters)


def _least(pieces: list[Piece]) -> float:
    """Of many that hang together, the first cut leaves pieces that are far from rectangles."""
    return _LEAST_PIECE - 0.3 * any(len(_notches(one.mask)) > 1 for one in pieces)


def _outline(mask: Mask) -> NDArray[np.int32]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(contours, key=len)[:, 0, :], np.int32)


def _notches(mask: Mask) -> list[tuple[NDArray[np.float64], list[NDArray[np.float64]]]]:
    """Where the outline turns the wrong way, and the directions of the sides that meet there."""
    coarse = _COARSE * max(mask.shape)
    corners = cv2.approxPolyDP(_outline(mask), coarse, closed=True)[:, 0, :].astype(np.float64)
    if len(corners) < 5:
        return []
    clockwise = cv2.contourArea(corners.astype(np.float32), oriented=True) > 0
    found = []
    for before, at, after in zip(
        np.roll(corners, 1, axis=0), corners, np.roll(corners, -1, axis=0), strict=True
    ):
        one, other = _unit(at - before), _unit(after - at)
        turn = np.rad2deg(np.arcsin(np.clip(one[0] * other[1] - one[1] * other[0], -1, 1)))
        if (turn if not clockwise else -turn) > _NOTCH_DEGREES:
            found.append((abs(turn), at, [one, -other]))
    found.sort(key=lambda each: -each[0])
    return [(at, ways) for _, at, ways in found[:_MOST_NOTCHES]]


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vector / max(1e-9, float(np.hypot(*vector))))


def _cuts(mask: Mask) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    notches = _notches(mask)
    for (one, _), (other, _) in itertools.combinations(notches, 2):
        if np.hypot(*(one - other)) >= _LEAST_CUT:
            yield one, other, _LEAST_OF_CUT
    for at, ways in notches:
        for way in ways:
            end = _far_side(mask, at, way)
            if np.hypot(*(end - at)) >= _LEAST_CUT:
                yield at, end, _LEAST_OF_STRAIGHT


def _far_side(mask: Mask, at: NDArray[np.float64], way: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a line that goes on from a notch leaves the mask."""
    reach = int(np.hypot(*mask.shape))
    steps = at + np.arange(2, reach)[:, None] * way
    columns = np.clip(np.round(steps[:, 0]).astype(int), 0, mask.shape[1] - 1)
    rows = np.clip(np.round(steps[:, 1]).astype(int), 0, mask.shape[0] - 1)
    outside = np.flatnonzero(mask[rows, columns] == 0)
    last = int(outside[0]) if len(outside) else reach - 3
    return np.asarray(steps[min(last, len(steps) - 1)])


def _cut(
    mask: Mask, begin: NDArray[np.float64], end: NDArray[np.float64], least_side: float
) -> list[Piece]:
    along = _unit(end - begin) * 3
    apart = mask.copy()
    first, last = (tuple(map(int, np.round(p))) for p in (begin - along, end + along))
    cv2.line(apart, first, last, 0, 2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(apart, connectivity=4)
    pieces = []
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < least_side**2:
            continue
        one = piece((labels == label).astype(np.uint8))
        if min(one.rectangle.width, one.rectangle.height) >= least_side:
            pieces.append(one)
    kept = sum(float(one.mask.sum()) for one in pieces)
    return pieces if kept > 0.97 * float(mask.sum()) else []
