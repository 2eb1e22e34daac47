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
    grid = np.pad(unknown, _MARGIN)
    places = np.flatnonzero(grid).astype(np.int32)
    number = np.full(grid.shape, -1, np.int32)
    number.ravel()[places] = np.arange(len(places), dtype=np.int32)
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8))
    entries = np.zeros((25, len(places)), np.float32)
    _assemble(np.ascontiguousarray(pixels), near, number, np.float32(ridge), entries)
    given = np.pad(np.where(unknown, np.float32(0), known), _MARGIN).ravel()
    runs, sums = _runs(places), np.empty(len(places), np.float32)
    multiply(entries, runs, grid.shape[1], given, sums)
    return System(entries, -sums, runs, grid.shape[1], grid.size)


def _runs(places: Indices) -> Indices:
    """See ``System.runs``. No run goes on into the next row: the grid's margin is between them."""
    first = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    counts = np.diff(first, append=len(places))
    return np.stack((first, counts, places[first]), axis=1).astype(np.int32)


_U1S3, _U1S2 = (types.Array(types.uint8, rank, "C", readonly=True) for rank in (3, 2))


@compiled(types.void(_U1S3, _U1S2, types.int32[:, ::1], types.float32, types.float32[:, ::1]))
def _assemble(  # noqa: C901 - calls between kernels are one loop more to read
    pixels: NDArray[np.uint8],
    near: NDArray[np.uint8],
    number: Indices,
    ridge: np.float32,
    entries: Floats,
) -> None:
    """Add up what each window says of its unknown pixels.

    Colours are brought to where their covariance is the unit matrix, but for the ridge, by
    Cholesky's factors: with the inverse by determinants, single precision leaves nothing of a
    grey window's third direction, and the matrix is no longer one that gradients may descend on.

    Args:
        pixels: (h, w, 3).
        near: (h, w), not 0 in the middle of windows that have an unknown pixel.
        number: (h + 4, w + 4), of each unknown pixel; -1 elsewhere.
        ridge: is spread over the window, as in the paper.
        entries: see ``System``; is added to.
    """
    height, width = near.shape
    zero, one = np.float32(0), np.float32(1)
    ninth, scale = np.float32(1 / 9), np.float32(1 / 255)
    least = ridge * ninth
    white = np.empty((9, 3), np.float32)
    for y in range(1, height - 1):  # windows lie wholly within the picture
        for x in range(1, width - 1):
            if near[y, x] == 0:
                continue
            mean_r, mean_g, mean_b = zero, zero, zero
            for i in range(9):
                for c in range(3):
                    white[i, c] = pixels[y - 1 + i // 3, x - 1 + i % 3, c] * scale
                mean_r += white[i, 0]
                mean_g += white[i, 1]
                mean_b += white[i, 2]
            rr, rg, rb, gg, gb, bb = zero, zero, zero, zero, zero, zero
            for i in range(9):
                r = white[i, 0] - mean_r * ninth
                g = white[i, 1] - mean_g * ninth
                b = white[i, 2] - mean_b * ninth
                white[i, 0], white[i, 1], white[i, 2] = r, g, b
                rr += r * r
                rg += r * g
                rb += r * b
                gg += g * g
                gb += g * b
                bb += b * b
            rr = rr * ninth + least
            g_by_r, b_by_r = rg * ninth / rr, rb * ninth / rr
            gg = max(gg * ninth + least - g_by_r * rg * ninth, least)
            b_by_g = (gb * ninth - b_by_r * rg * ninth) / gg
            bb = max(bb * ninth + least - b_by_r * rb * ninth - b_by_g * b_by_g * gg, least)
            root_r, root_g, root_b = one / np.sqrt(rr), one / np.sqrt(gg), one / np.sqrt(bb)
            for i in range(9):
                r = white[i, 0]
                g = white[i, 1] - g_by_r * r
                b = white[i, 2] - b_by_r * r - b_by_g * g
                white[i, 0], white[i, 1], white[i, 2] = r * root_r, g * root_g, b * root_b
            for i in range(9):
                row = number[y + 1 + i // 3, x + 1 + i % 3]
                if row < 0:
                    continue
                r, g, b = white[i, 0] * ninth, white[i, 1] * ninth, white[i, 2] * ninth
                for j in range(9):
                    there = (j // 3 - i // 3 + 2) * 5 + j % 3 - i % 3 + 2
                    alike = r * white[j, 0] + g * white[j, 1] + b * white[j, 2]
                    entries[there, row] -= ninth + alike
                entries[_ITSELF, row] += one


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
