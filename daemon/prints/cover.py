"""Which of the rectangles that could be prints explain together what lies on a platen.

Each choice has a price, in pixels of outline that show no edge: for what is left over, for platen
inside of a print, for what two prints cover both. The cheapest choice is taken; how much dearer the
cheapest one is that says something else, tells how sure that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints.hypotheses import Hypothesis
from daemon.prints.rectangle import USUAL_ASPECT, Rectangle

_LEFT_OVER = 0.1
"""Price of a pixel that lies in no print; in pixels of outline."""
_PLATEN = 0.03
_SHARED = 0.03
_PRINT = 30.0
"""Price of a print more."""
_UNUSUAL = 200.0
"""Price of one that is longer than prints are: two of one width that touch look like that."""
_MOST_SHARED = 0.2
"""Of the smaller of two prints: more than a corner."""
_STEP = 5
"""Of the grid in which areas are counted, pixels."""
_WIDTH = 24
"""How many beginnings of a choice are followed."""
_MOST_LEAD = 400.0
"""What is dearer than the cheapest choice by more is not followed."""
_SAMPLES = 16
"""On each side, to see what of it another print hides."""
_WELL = 4.0
"""Pixels."""
_SAME = 0.8
"""IoU of what is the same print."""

Floats = NDArray[np.float64]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cover:
    """A choice of rectangles."""

    chosen: tuple[int, ...]
    price: float
    lead: float
    """By how much dearer the cheapest choice is that says something else."""
    left_over: float
    """Pixels in no print."""


@dataclass(frozen=True, slots=True, eq=False)
class _Prices:
    alone: Floats
    """(n,) of each rectangle."""
    together: Floats
    """(n, n): of two; infinite if they cannot both be prints."""
    cells: Cells
    """(n, kinds): which kinds of cells it explains; of one kind are those that the same explain."""
    sizes: Floats
    """(kinds,): in pixels."""
    least: Floats
    """(kinds,): what explaining one costs at least, as its share of the cheapest print."""
    same: Cells
    """(n, n): which are the same print."""


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A choice so far."""

    chosen: tuple[int, ...]
    open: Cells
    """What is not yet explained."""
    possible: Cells
    """Which rectangles can still be chosen."""
    left: float
    """Pixels that no print explains."""
    price: float


def cheapest(hypotheses: Sequence[Hypothesis], mask: NDArray[np.uint8]) -> Cover:
    """The cheapest choice.

    Args:
        hypotheses: rectangles that could be prints.
        mask: (height, width), 1 where something lies.
    """
    if not hypotheses:
        return Cover((), float("inf"), 0.0, float(mask.sum()))
    prices = _prices(hypotheses, mask)
    ended = sorted(_searched(prices), key=lambda one: one.price)
    best = ended[0]
    others = [one.price for one in ended if not _says_the_same(best, one, prices.same)]
    lead = min(others, default=float("inf")) - best.price
    return Cover(best.chosen, best.price, lead, best.left)


def _prices(hypotheses: Sequence[Hypothesis], mask: NDArray[np.uint8]) -> _Prices:
    rectangles = [one.rectangle for one in hypotheses]
    cells, sizes = _cells(rectangles, mask)
    weighted = cells * np.sqrt(sizes)
    shared = weighted @ weighted.T
    areas = np.diag(shared)
    outline = np.array([2 * (one.width + one.height) for one in rectangles])
    unseen = outline * np.array([1 - one.seen for one in hypotheses])
    platen = np.array([one.rectangle.area * (1 - one.filled) for one in hypotheses])
    long = np.array([one.aspect > USUAL_ASPECT for one in rectangles])
    alone = _PRINT + unseen + _PLATEN * platen + _UNUSUAL * long
    hidden = np.minimum(unseen[:, None], _hidden(rectangles) * outline[:, None])
    together: Floats = np.asarray(_SHARED * shared, np.float64) - np.where(
        shared > 0, np.maximum(hidden, hidden.T), 0
    )
    together[shared > _MOST_SHARED * np.minimum(areas[:, None], areas[None])] = np.inf
    same = shared > _SAME * (areas[:, None] + areas[None] - shared)
    rates = np.where(cells, (alone / np.maximum(1.0, areas))[:, None], _LEFT_OVER)
    return _Prices(alone, together, cells, sizes, rates.min(axis=0) * sizes, same)


def _cells(rectangles: Sequence[Rectangle], mask: NDArray[np.uint8]) -> tuple[Cells, Floats]:
    """Which kinds of cells each explains, and how large all cells of a kind are."""
    grid = mask[::_STEP, ::_STEP]
    rows, columns = np.nonzero(grid)
    found, names = np.zeros((len(rectangles), len(rows)), bool), np.zeros(len(rows))
    drawn = np.zeros(grid.shape, np.uint8)
    names_of = np.random.default_rng(0).random(len(rectangles))
    for number, one in enumerate(rectangles):
        drawn[:] = 0
        cv2.fillConvexPoly(drawn, np.round(one.corners / _STEP).astype(np.int32), 1)
        found[number] = drawn[rows, columns]
        names += names_of[number] * found[number]
    _, first, count = np.unique(names, return_index=True, return_counts=True)
    return found[:, first], count.astype(float) * _STEP**2


def _hidden(rectangles: Sequence[Rectangle]) -> Floats:
    """(n, n): the share of the outline of one that lies well inside another."""
    begin = np.array([one.corners for one in rectangles])[:, :, None]
    along = ((np.arange(_SAMPLES) + 0.5) / _SAMPLES)[:, None]
    points = begin + along * (np.roll(begin, -1, axis=1) - begin)
    lengths = np.array([[one.width, one.height] * 2 for one in rectangles])
    lengths = lengths / lengths.sum(axis=1, keepdims=True)
    found = np.zeros((len(rectangles), len(rectangles)))
    for number, one in enumerate(rectangles):
        away = np.abs((points.reshape(-1, 2) - (one.x, one.y)) @ np.array(one.axes).T)
        inside = (away < (one.width / 2 - _WELL, one.height / 2 - _WELL)).all(axis=1)
        share = inside.reshape(*points.shape[:3]).mean(axis=2)
        found[:, number] = (share * lengths).sum(axis=1)
    return found


def _searched(prices: _Prices) -> list[_Begun]:
    everything, count = np.ones(len(prices.sizes), bool), prices.cells.sum(axis=0)
    begun = [_Begun((), everything, np.ones(len(prices.alone), bool), 0.0, 0.0)]
    ended: list[_Begun] = []
    while begun:
        seen = _seen_ahead(begun, prices)
        ended += [_left(one, one.open, prices) for one in seen]
        # What is left costs less than any print more.
        most = min(one.price for one in ended) + _MOST_LEAD
        going = [
            one
            for one in seen
            if _LEFT_OVER * float(one.open @ prices.sizes) > _PRINT and one.price < most
        ]
        going.sort(key=lambda one: one.price + float(one.open @ prices.least))
        begun = [each for one in going[:_WIDTH] for each in _followed(one, prices, count)]
    return ended


def _followed(one: _Begun, prices: _Prices, count: NDArray[np.intp]) -> list[_Begun]:
    """Explain what the fewest rectangles explain, of what is large; or leave it."""
    sizes = np.where(one.open, prices.sizes, 0)
    large = sizes >= sizes.max() / 2
    at = int(np.argmin(np.where(large, count, len(prices.alone) + 1)))
    numbers = np.flatnonzero(prices.cells[:, at] & one.possible)
    more = prices.alone[numbers] + prices.together[
        np.ix_(numbers, np.array(one.chosen, np.intp))
    ].sum(axis=1)
    found = [
        _Begun(
            (*one.chosen, int(number)),
            one.open & ~prices.cells[number],
            one.possible & np.isfinite(prices.together[number]),
            one.left,
            one.price + price,
        )
        for number, price in zip(numbers, more, strict=True)
    ]
    return [*found, replace(one, possible=one.possible & ~prices.cells[:, at])]


def _left(one: _Begun, what: Cells, prices: _Prices) -> _Begun:
    """Without an explanation of something."""
    size = float(what @ prices.sizes)
    price = one.price + _LEFT_OVER * size
    return replace(one, open=one.open & ~what, left=one.left + size, price=price)


def _seen_ahead(begun: list[_Begun], prices: _Prices) -> list[_Begun]:
    """Each choice once, with the price of what nothing beside it can explain any more."""
    distinct = {(frozenset(one.chosen), one.left): one for one in begun}
    possible = np.array([one.possible for one in distinct.values()], np.float32)
    explained = possible @ prices.cells.astype(np.float32) > 0
    return [
        _left(one, one.open & ~can, prices)
        for one, can in zip(distinct.values(), explained, strict=True)
    ]


def _says_the_same(one: _Begun, other: _Begun, same: Cells) -> bool:
    if len(one.chosen) != len(other.chosen):
        return False
    return all(same[each, list(other.chosen)].any() for each in one.chosen)
