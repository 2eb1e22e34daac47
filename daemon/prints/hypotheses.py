"""Rectangles that could be prints: each side shows an edge over most of its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints.frame import Frame
from daemon.prints.rectangle import MOST_ASPECT, Rectangle

_LINE = 0.75
"""Share of a stretch as long as the shortest side, that shows an edge where a side may be."""
_MOST_LINES, _MOST_BESIDE = 44, 12
_FIVE = np.ones((1, 5), np.uint8)
"""Columns within which lines are near each other."""
_LEAST_SEEN, _LEAST_OF_ALL = 0.5, 0.78
"""Share of one side, and of all four together, that shows an edge."""
_LEAST_MASK = 0.6
_SAME = 5
"""Pixels by which the sides differ of what is one hypothesis, told twice."""
_PRINT = 20.0
"""What one print more is taken to cost, pixels of outline."""
_MOST = 100
"""In one frame."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A rectangle that may be a print."""

    rectangle: Rectangle
    seen: float
    """Share of its outline that shows an edge."""
    filled: float
    """Share of it that is no platen."""


def of_frame(frame: Frame, least_side: float) -> list[Hypothesis]:
    """All rectangles of a frame that could be prints, the surest first.

    Args:
        frame: as seen.
        least_side: pixels of the frame.
    """
    columns = _lines(frame.upright, least_side)
    rows = _lines(frame.level.T, least_side)
    across, down = _pairs(columns, least_side), _pairs(rows, least_side)
    if not len(across) or not len(down):
        return []
    sides = _seen(frame.upright, columns, rows, down), _seen(frame.level.T, rows, columns, across)
    return _kept(frame, columns, rows, across, down, sides)


def _lines(edges: NDArray[np.bool_], least_side: float) -> NDArray[np.intp]:
    """Columns in which an edge runs on for as long as a side."""
    length = max(3, round(0.7 * least_side))
    share = cv2.blur(edges.astype(np.float32), (1, length), borderType=cv2.BORDER_CONSTANT)
    runs = share > _LINE
    long = runs.sum(axis=0).astype(np.float32)
    highest = cv2.dilate(long[None], _FIVE)[0]
    # An edge is three columns wide here; its middle one is meant.
    smooth = cv2.blur(long[None], (3, 1))[0]
    peaks = np.flatnonzero((long > 0) & (long >= highest))
    strongest = peaks[np.argsort(-smooth[peaks], kind="stable")]
    chosen: list[int] = []
    for each in strongest:
        if len(chosen) < _MOST_LINES and all(abs(each - one) > 2 for one in chosen):
            chosen.append(int(each))
    return np.unique([*chosen, *_beside(chosen, runs, length)]).astype(np.intp)


def _beside(chosen: Sequence[int], runs: NDArray[np.bool_], length: int) -> list[int]:
    """Those beside others, further up or down: two prints' sides may be that near to each other."""
    left = runs.copy()
    for one in chosen:
        _forget(left, one, length)
    found: list[int] = []
    near = cv2.dilate(np.isin(np.arange(runs.shape[1]), chosen).astype(np.uint8)[None], _FIVE)[0]
    while len(found) < _MOST_BESIDE:
        smooth = cv2.blur(left.sum(axis=0).astype(np.float32)[None], (3, 1))[0]
        found.append(int(np.argmax(np.where(left.any(axis=0) & (near > 0), smooth, 0))))
        if not left[:, found[-1]].any():
            return found[:-1]
        _forget(left, found[-1], length)
    return found


def _forget(left: NDArray[np.bool_], line: int, length: int) -> None:
    """What a line shows, in the columns near it, tells of no other."""
    known = cv2.dilate(left[:, line].astype(np.uint8)[:, None], np.ones((2 * length + 1, 1)))
    left[:, max(0, line - 2) : line + 3] &= known == 0


def _pairs(at: NDArray[np.intp], least: float) -> NDArray[np.intp]:
    """(n, 2): numbers of two that are at least so far apart."""
    one, other = np.triu_indices(len(at), 1)
    far = at[other] - at[one] >= least
    return np.stack([one[far], other[far]], axis=1)


def _seen(
    edges: NDArray[np.bool_],
    columns: NDArray[np.intp],
    rows: NDArray[np.intp],
    down: NDArray[np.intp],
) -> Floats:
    """(columns, pairs of rows): what share of a column shows an edge from row to row."""
    run = np.zeros((len(edges) + 1, len(columns)), np.float32)
    np.cumsum(edges[:, columns], axis=0, dtype=np.float32, out=run[1:])
    begin, end = rows[down[:, 0]], rows[down[:, 1]]
    return np.asarray(((run[end] - run[begin]) / (end - begin)[:, None]).T, np.float32)


def _kept(
    frame: Frame,
    columns: NDArray[np.intp],
    rows: NDArray[np.intp],
    across: NDArray[np.intp],
    down: NDArray[np.intp],
    sides: tuple[Floats, Floats],
) -> list[Hypothesis]:
    """Of all that pairs of columns and pairs of rows make, those that may be prints."""
    of_columns, of_rows = sides
    left, right = of_columns[across[:, 0]], of_columns[across[:, 1]]
    top, bottom = of_rows[down[:, 0]].T, of_rows[down[:, 1]].T
    width = np.diff(columns[across])[:, 0][:, None].astype(np.float32)
    height = np.diff(rows[down])[:, 0][None].astype(np.float32)
    seen = ((left + right) * height + (top + bottom) * width) / (2 * (width + height))
    weakest = np.minimum(np.minimum(left, right), np.minimum(top, bottom))
    fits = (
        (weakest > _LEAST_SEEN)
        & (seen > _LEAST_OF_ALL)
        & (np.maximum(width, height) <= MOST_ASPECT * np.minimum(width, height))
    )
    one, other = np.nonzero(fits)
    boxes = np.stack(
        [
            columns[across[one, 0]],
            rows[down[other, 0]],
            columns[across[one, 1]],
            rows[down[other, 1]],
        ],
        axis=1,
    )
    filled = _filled(frame.mask, boxes)
    good = filled >= _LEAST_MASK
    boxes, shares, filled = boxes[good], seen[one, other][good], filled[good]
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    # Large ones first: what has few edges missing for all that it explains.
    price = ((1 - shares) * 2 * (width + height) + _PRINT) / (width * height * filled)
    chosen = _different(boxes, price)
    return [
        Hypothesis(frame.rectangle(*map(float, boxes[at])), float(shares[at]), float(filled[at]))
        for at in chosen
    ]


def _filled(mask: NDArray[np.uint8], boxes: NDArray[np.intp]) -> Floats:
    run = cv2.integral(mask)
    left, top, right, bottom = boxes.T
    covered = run[bottom, right] - run[top, right] - run[bottom, left] + run[top, left]
    return np.asarray(covered / ((right - left) * (bottom - top)), np.float32)


def _different(boxes: NDArray[np.intp], prices: Floats) -> list[int]:
    """The cheapest for what they hold, and of those with nearly the same sides one."""
    chosen: list[int] = []
    left = np.argsort(prices, kind="stable")
    while len(left) and len(chosen) < _MOST:
        best, left = left[0], left[1:]
        chosen.append(int(best))
        left = left[np.abs(boxes[left] - boxes[best]).max(axis=1) > _SAME]
    return chosen
