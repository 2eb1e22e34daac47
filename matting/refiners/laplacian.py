"""The matting Laplacian of Levin, Lischinski and Weiss (PAMI 2008), for unknown pixels alone.

Within every 3 x 3 window alpha is a linear function of colour; how far it is from one is a
quadratic form in alpha, and its matrix has 25 entries a row. Here only the rows of unknown pixels
are made. Compiled by numba (see matting/picture/band.py): with numpy and scipy, making the matrix
took twelve times as long and a step of the descent three times.

Alpha lies in a flat grid, two pixels larger than the picture on each side, that is 0 where alpha is
known: a row's neighbours are at the same 25 distances for all, and what lies side by side is worked
on together.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.compiled import compiled, types
from matting.refiners.whitening import whiten

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

_MARGIN = 2
"""Of the grid around the picture."""
_NEAR = (-2, -1, 0, 1, 2)
"""Rows, and columns, that a row of the matrix reaches to."""
_ITSELF = 12
"""Which of a row's 25 entries is the pixel's own."""


class System(NamedTuple):
    """A linear system whose variables are the n unknown pixels, in their order."""

    entries: Floats
    """(25, n): what the 5 x 5 pixels around each are multiplied with; for those that are known,
    too."""
    known: Floats
    """(n,) What the known pixels around contribute to the right side."""
    runs: Indices
    """(m, 3): unknown pixels side by side: the first one's number, how many, and its place in the
    grid."""
    stride: int
    """From one row of the grid to the next."""
    size: int
    """Of the whole grid."""

    @property
    def diagonal(self) -> Floats:
        """(n,) The pixels' own entries."""
        diagonal: Floats = self.entries[_ITSELF]
        return diagonal


def system(
    pixels: NDArray[np.uint8], unknown: NDArray[np.bool_], known: Floats, ridge: float
) -> System:
    """Make the rows of the unknown pixels.

    Args:
        pixels: (h, w, 3).
        unknown: (h, w); at least one is.
        known: (h, w) alpha 0..1; what it is where alpha is unknown does not matter.
        ridge: variance of colour, 0..1, below which contrast counts as noise.
    """
    inner = (slice(_MARGIN, -_MARGIN),) * 2
    grid = np.zeros([side + 2 * _MARGIN for side in unknown.shape], np.bool_)
    grid[inner] = unknown
    places = np.flatnonzero(grid).astype(np.int32)
    number = np.full(grid.shape, -1, np.int32)
    number.ravel()[places] = np.arange(len(places), dtype=np.int32)
    near = cv2.dilate(unknown.view(np.uint8), np.ones((3, 3), np.uint8))
    entries = np.zeros((25, len(places)), np.float32)
    _assemble(np.ascontiguousarray(pixels), near, number, np.float32(ridge), entries)
    given = np.zeros(grid.shape, np.float32)
    np.copyto(given[inner], known, where=~unknown)
    runs, sums = _runs(places), np.empty(len(places), np.float32)
    multiply(entries, runs, grid.shape[1], given.ravel(), sums)
    return System(entries, -sums, runs, grid.shape[1], grid.size)


def _runs(places: Indices) -> Indices:
    """See ``System.runs``. No run goes on into the next row: the grid's margin is between them."""
    first = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    counts = np.diff(first, append=len(places))
    return np.stack((first, counts, places[first]), axis=1).astype(np.int32)


_F2 = types.float32[:, ::1]
_PIXELS, _NEAR_MASK = (types.Array(types.uint8, rank, "C", readonly=True) for rank in (3, 2))


@compiled(types.void(_F2, types.int64, types.int32[::1], _F2))
def _add(white: Floats, i: int, numbers: Indices, entries: Floats) -> None:
    """Add what windows side by side say of the pixel that has the same place in all of them.

    Args:
        white: see ``whiten``.
        i: the place, 0..8.
        numbers: (n,) of these pixels; -1 where it is known.
        entries: see ``System``; is added to.
    """
    one, ninth = np.float32(1), np.float32(1 / 9)
    end = 0
    while end < numbers.size:
        start = end
        while end < numbers.size and numbers[end] >= 0:
            end += 1
        if end == start:
            end += 1
            continue
        first, count = numbers[start], end - start
        r, g = white[3 * i, start:end], white[3 * i + 1, start:end]
        b = white[3 * i + 2, start:end]
        for j in range(9):
            there = (j // 3 - i // 3 + 2) * 5 + j % 3 - i % 3 + 2
            row = entries[there, first : first + count]
            red, green = white[3 * j, start:end], white[3 * j + 1, start:end]
            blue = white[3 * j + 2, start:end]
            for k in range(count):
                row[k] -= (one + r[k] * red[k] + g[k] * green[k] + b[k] * blue[k]) * ninth
        own = entries[_ITSELF, first : first + count]
        for k in range(count):
            own[k] += one


@compiled(types.void(_PIXELS, _NEAR_MASK, types.int32[:, ::1], types.float32, _F2))
def _assemble(
    pixels: NDArray[np.uint8],
    near: NDArray[np.uint8],
    number: Indices,
    ridge: np.float32,
    entries: Floats,
) -> None:
    """Add up what each window says of its unknown pixels.

    Windows side by side are worked on together, and so are the unknown pixels that have the same
    place in them: one by one, they took four times as long.

    Args:
        pixels: (h, w, 3).
        near: (h, w), not 0 in the middle of windows that have an unknown pixel.
        number: (h + 4, w + 4), of each unknown pixel; -1 elsewhere.
        ridge: is spread over the window, as in the paper.
        entries: see ``System``; is added to.
    """
    height, width = near.shape
    ninth = np.float32(1 / 9)
    white, spread = np.empty((27, width), np.float32), np.empty((9, width), np.float32)
    lines = np.empty((9, width), np.float32)
    for y in range(1, height - 1):  # windows lie wholly within the picture
        x = 1
        while x < width - 1:
            start = x
            while x < width - 1 and near[y, x]:
                x += 1
            if x == start:
                x += 1
                continue
            whiten(pixels, y, start, x - start, ridge * ninth, white, spread, lines)
            for i in range(9):
                left = start + 1 + i % 3
                numbers = number[y + 1 + i // 3, left : left + x - start]
                _add(white, i, numbers, entries)


@compiled(
    types.void(
        *(types.float32[:, ::1], types.int32[:, ::1], types.int64),
        *[types.float32[::1]] * 2,
    )
)
def multiply(entries: Floats, runs: Indices, stride: int, grid: Floats, product: Floats) -> None:
    """Multiply the matrix with what lies in a grid.

    By slices, whose indices are never negative: numba looks at each index for that otherwise, and
    no loop becomes one over several pixels at once.

    Args:
        entries: see ``System``.
        runs: likewise.
        stride: likewise.
        grid: what to multiply with.
        product: (n,), is filled.
    """
    for run in range(runs.shape[0]):
        first, count, place = runs[run, 0], runs[run, 1], runs[run, 2]
        here = product[first : first + count]
        here[:] = np.float32(0)
        for down in _NEAR:
            start, row = place + down * stride - 2, (down + 2) * 5
            values = grid[start : start + count + 4]
            a, b = entries[row, first : first + count], entries[row + 1, first : first + count]
            c, d = entries[row + 2, first : first + count], entries[row + 3, first : first + count]
            e = entries[row + 4, first : first + count]
            for k in range(count):
                here[k] += (
                    a[k] * values[k]
                    + b[k] * values[k + 1]
                    + c[k] * values[k + 2]
                    + d[k] * values[k + 3]
                    + e[k] * values[k + 4]
                )
