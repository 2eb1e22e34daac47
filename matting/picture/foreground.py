"""The person's own colours at soft edges, without the backdrop that shone through.

Multi-level foreground estimation (Germer, Uelwer, Conrad and Harmeling 2020, arXiv 2006.14970), on
the soft edge alone: at each level only its pixels and their neighbours are listed and solved
(``band``). What differs from the paper, or from pymatting's form of it, was measured on pictures
whose colours are known (``tests/benchmarks/colours.py``):

- Every second pixel makes the next level, and a level begins with the mean of what is around: no
  blocks, which the sweeps would have to smooth.
- Neighbours weigh a fifth as much (``band``), and each level is swept six times instead of twice
  (pymatting, before the colours settled) or twelve times (ourselves, before the last two changes).

The coarse levels are solved at once, the fine ones in strips of rows that share nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matting.picture.pyramid import Level, Pyramid

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_FINE = 3
"""Levels, the finest, that are solved in strips; the pixels of the next stand for 8 x 8.

It also says how far from a soft edge, 15 to 22 pixels, clear ones get the foreground's colours.
Viewers and layout programs that resample colours and alpha apart mix these into the edge: the
backdrop would be back as a halo. Further out the photo's own pixels stay, so that a retoucher who
paints alpha back in finds the photo and not an invention.
"""
_MARGIN = 64
"""Rows that a strip reads into its neighbours; what is further away changes nothing in it."""
_STRIP = 300_000
"""Pixels that are solved in a strip, about: 30 MB."""
_WORTH_A_THREAD = 20_000
_SWEEPS = 6
_SMALL, _SMALL_SWEEPS = 4096, 20
"""At levels of so few pixels, colours have to get across the whole picture."""


class _Solved(NamedTuple):
    """A level, or a strip of one, and its colours: see ``band``."""

    level: Level
    colours: NDArray[np.float32]


def estimate_foreground(pixels: Pixels, alpha: NDArray[np.uint16], *, threads: int = 1) -> Pixels:
    """Estimate the foreground's colours.

    Time is proportional to the soft edge. Beyond the result, memory is needed for 4 bytes per three
    pixels, and for one strip of soft pixels per thread.

    Args:
        pixels: (height, width, 3) uint8 or uint16 RGB over the type's whole range.
        alpha: (height, width) uint16, 65535 is opaque.
        threads: strips that are solved at a time.

    Returns:
        (height, width, 3) in the dtype of ``pixels``, straight (not premultiplied): the same
        pixels where alpha is 65535 and far outside; the person's colours alone where alpha is
        between, and just outside.
    """
    result = pixels.copy()
    pyramid = Pyramid.of(pixels, alpha)
    if pyramid is None:
        return result
    above: _Solved | None = None
    for number in range(pyramid.top, _FINE - 1, -1):
        above = _solved(pyramid, number, slice(0, pyramid.height(number)), above)
    strips = _strips(pyramid, threads)

    def solve(rows: slice) -> None:
        _solve_strip(result, pyramid, rows, above)

    if threads == 1 or len(strips) == 1:
        for rows in strips:
            solve(rows)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(solve, strips))
    return result


def _strips(pyramid: Pyramid, threads: int) -> list[slice]:
    """Rows that have about as much to solve, so that no thread waits and none takes much memory."""
    reached = np.cumsum(pyramid.counts())
    wanted = threads if reached[-1] > _WORTH_A_THREAD else 1
    count = max(wanted, -(-int(reached[-1]) // _STRIP))
    shares = np.searchsorted(reached, reached[-1] * np.arange(1, count) / count)
    height = pyramid.height(0)
    cuts = sorted({0, height, *(round(int(row) / _MARGIN) * _MARGIN for row in shares)})
    return [slice(*pair) for pair in pairwise(cuts)]


def _solve_strip(result: Pixels, pyramid: Pyramid, rows: slice, above: _Solved | None) -> None:
    """Solve the fine levels of some rows, and write them."""
    solved: list[tuple[int, _Solved | None]] = [(_FINE, above)]
    for number in range(min(_FINE - 1, pyramid.top), -1, -1):
        start = max(0, rows.start - _MARGIN) >> number
        stop = min(pyramid.height(number), (rows.stop + _MARGIN) >> number)
        above = _solved(pyramid, number, slice(start, max(stop, start + 1)), above)
        solved.append((number, above))
    _write(result, pyramid.alpha, rows, solved)


def _write(
    result: Pixels,
    alpha: NDArray[np.uint16],
    rows: slice,
    solved: Iterable[tuple[int, _Solved | None]],
) -> None:
    """From coarse to fine: what a finer level knows of the near outside replaces the coarser."""
    from matting.picture import band  # noqa: PLC0415 - it imports numba

    for number, one in solved:
        if one is not None:
            level = one.level
            band.spread(
                *(result, alpha, level.xs, level.starts, level.first, one.colours),
                *(number, rows.start, rows.stop),
            )


def _solved(pyramid: Pyramid, number: int, rows: slice, above: _Solved | None) -> _Solved:
    from matting.picture import band  # noqa: PLC0415 - it imports numba

    level = pyramid.level(number, rows)
    count = level.xs.size
    photo, shares = np.empty((count, 3), np.float32), np.empty(count, np.float32)
    picture, lines, columns = pyramid.pixels, pyramid.rows[number][rows], pyramid.columns[number]
    band.gather(picture, pyramid.alpha, level.xs, level.starts, lines, columns, photo, shares)
    photo *= np.float32(1 / np.iinfo(picture.dtype).max)
    if above is None:
        colours = np.zeros((count, 8), np.float32)
        colours[:, :3] = colours[:, 4:7] = photo
    else:
        over = above.level
        begun = level.xs, level.starts, level.first, over.xs, over.starts, over.first
        colours = band.inherit(*begun, above.colours)
    beside = band.neighbours(level.xs, level.starts)
    weights, inverse = np.empty((count, 4), np.float32), np.empty((count, 3), np.float32)
    band.weigh(shares, beside, weights, inverse)
    sweeps = _SMALL_SWEEPS if pyramid.size(number) <= _SMALL else _SWEEPS
    band.sweep(colours, photo, shares, beside, weights, inverse, sweeps)
    return _Solved(level, colours)
