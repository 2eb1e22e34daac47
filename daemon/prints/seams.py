"""Whether an edge is to be seen where prints are said to meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.prints.frame import Frame
from daemon.prints.rectangle import Points, Rectangle

_SAMPLES = 96
"""On each side."""
_BESIDE = 5.0
"""Pixels from a side, where it is looked whether something lies on both sides of it."""
_LEAST_INSIDE = 8
"""Points of an outline inside another one."""
_LEAST_LENGTH = 0.2
"""Of a side: what is shorter tells nothing."""


def seen(one: Rectangle, others: Sequence[Rectangle], frame: Frame) -> float:
    """The share of a print's worst seam that shows an edge; 1 if it has none.

    Args:
        one: the print.
        others: those that were found beside it; what they hide of its outline does not count.
        frame: turned as the print lies.
    """
    shares = [1.0]
    for number, (along, out) in enumerate(_sides(one)):
        outside = _at(frame.mask, along + _BESIDE * out, frame)
        seam = outside & _at(frame.mask, along - _BESIDE * out, frame)
        for other in others:
            seam &= ~_inside(along, other)
        if seam.mean() >= _LEAST_LENGTH:
            edges = frame.level if number in {0, 2} else frame.upright
            shown = _at(edges, along, frame)
            for other in others:
                shown |= _at(edges, _on_side(along, other, upright=number in {1, 3}), frame)
            shares.append(float(shown[seam].mean()))
    return min(shares)


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
    right, down = one.axes
    away = points - np.array([one.x, one.y])
    inner = one.grown(*[-_BESIDE] * 4)
    near = (np.abs(away @ right) < inner.width / 2) & (np.abs(away @ down) < inner.height / 2)
    return np.asarray(near, bool)
