"""Whether an edge is to be seen where prints are said to meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.prints.frame import Frame
from daemon.prints.rectangle import USUAL_ASPECT, Points, Rectangle

_SAMPLES = 96
"""On each side."""
_BESIDE = 5.0
"""Pixels from a side, where it is looked whether something lies on both sides of it."""
_LEAST_INSIDE = 8
"""Points of an outline inside another one."""
_LEAST_LENGTH = 0.2
"""Of a side: what is shorter tells nothing."""
_OPEN = 0.25
"""Of a side: if it borders on the platen along as much, the print ends there; of one print that a
third hides in part, what is left has no such side."""
_LEAST_SEEN, _LEAST_IN_ONE, _LEAST_IN_LONG = 0.55, 0.85, 0.95
"""Share of a seam that shows an edge: of any, as chance shows a half where nothing ends; of one
between two that could as well be one print; and of one across a long one, as it may be a card with
two pictures, whose margin no line between them crosses."""
_ONE = 0.94
"""Of the rectangle around two: what prints cover of it, if it could be one print."""
_NEAR = 3.0
"""Pixels beside a print that count as its own."""
_GRID = (np.arange(40) + 0.5) / 40


def unseen(one: Rectangle, others: Sequence[Rectangle], frame: Frame) -> bool:
    """Whether a print meets another where no edge is to be seen.

    More of an edge is asked for where the two could be one print, of which a third may hide a
    corner: what is left of it is an L, and two rectangles make an L as well.

    Args:
        one: the print.
        others: those that were found beside it; what they hide of its outline does not count.
        frame: turned as the print lies.
    """
    for number, (along, out) in enumerate(_sides(one)):
        outside = _at(frame.mask, along + _BESIDE * out, frame)
        own = _at(frame.mask, along - _BESIDE * out, frame)
        seam = outside & own & _at(frame.mask, along + 2 * _BESIDE * out, frame)
        for other in others:
            seam &= ~_inside(along, other)
        if seam.mean() < _LEAST_LENGTH or (own & ~outside).mean() >= _OPEN:
            continue
        edges = frame.level if number in {0, 2} else frame.upright
        shown = _at(edges, along, frame)
        for other in others:
            shown |= _at(edges, _on_side(along, other, upright=number in {1, 3}), frame)
        beyond = (along + 2 * _BESIDE * out)[seam]
        held = [int(_holds(beyond, other).sum()) for other in others]
        met = others[int(np.argmax(held))] if any(held) else None
        least = _LEAST_SEEN if met is None else _least_between(one, met, (one, *others))
        if shown[seam].mean() < least:
            return True
    return False


def within(one: Rectangle, other: Rectangle, frame: Frame) -> float:
    """The share of a print's outline inside another that shows an edge; 1 if none is inside.

    Of two that overlap one lies above, and is to be seen all around.

    Args:
        one: the print.
        other: another one.
        frame: turned as the print lies.
    """
    shown = list[NDArray[np.bool_]]()
    for number, (along, _) in enumerate(_sides(one)):
        edges = frame.level if number in {0, 2} else frame.upright
        shown.append(_at(edges, along, frame)[_inside(along, other)])
    inside = np.concatenate(shown)
    return float(inside.mean()) if len(inside) >= _LEAST_INSIDE else 1.0


def _sides(one: Rectangle) -> Iterator[tuple[Points, NDArray[np.float64]]]:
    """Points along each side, from the top one clockwise, and the way out of it."""
    right, down = one.axes
    corners, steps = one.corners, np.linspace(0.03, 0.97, _SAMPLES)[:, None]
    for number, out in enumerate((-down, right, down, -right)):
        begin, end = corners[number], corners[(number + 1) % 4]
        yield begin + steps * (end - begin), out


def _on_side(points: Points, one: Rectangle, *, upright: bool) -> Points:
    """Moved onto a print's side, if that is near: of a deckled edge its neighbour's is the seam."""
    across, along = one.axes if upright else one.axes[::-1]
    away, half = points - np.array([one.x, one.y]), (one.width if upright else one.height) / 2
    beyond = np.abs(away @ across) - half
    beside = np.abs(away @ along) <= (one.height if upright else one.width) / 2
    near = (np.abs(beyond) <= _BESIDE + 1) & beside
    moved = points - (np.sign(away @ across) * beyond)[:, None] * across
    return np.where(near[:, None], moved, points)


def _at(map_: NDArray[np.generic], points: Points, frame: Frame) -> NDArray[np.bool_]:
    x, y = np.round(frame.to_frame @ np.vstack([points.T, np.ones(len(points))])).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < map_.shape[1]) & (y < map_.shape[0])
    found = np.zeros(len(points), bool)
    found[inside] = map_[y[inside], x[inside]] > 0
    return found


def _inside(points: Points, one: Rectangle) -> NDArray[np.bool_]:
    return _holds(points, one.grown(*[-_BESIDE] * 4))


def _holds(points: Points, one: Rectangle) -> NDArray[np.bool_]:
    right, down = one.axes
    away = points - np.array([one.x, one.y])
    near = (np.abs(away @ right) < one.width / 2) & (np.abs(away @ down) < one.height / 2)
    return np.asarray(near, bool)


def _least_between(one: Rectangle, other: Rectangle, prints: Sequence[Rectangle]) -> float:
    """How much of a seam has to be seen, by what covers the rectangle around two, turned as one."""
    axes, middle = np.array(one.axes), np.array([one.x, one.y])
    away = (np.concatenate([one.corners, other.corners]) - middle) @ axes.T
    low, size = away.min(axis=0), np.ptp(away, axis=0)
    across, down = np.meshgrid(*(low + _GRID[:, None] * size).T)
    points = middle + np.stack([across.ravel(), down.ravel()], axis=1) @ axes
    covered = [_holds(points, each.grown(*[_NEAR] * 4)) for each in prints]
    if np.any(covered, axis=0).mean() < _ONE:
        return _LEAST_SEEN
    return _LEAST_IN_LONG if size.max() > USUAL_ASPECT * size.min() else _LEAST_IN_ONE
