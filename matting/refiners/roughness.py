"""The kernel that tells how rough a photo is: how its pixels differ from what they average to.

Compiled by numba; see matting/compiled.py. OpenCV's blurs of seven planes took four times as long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matting.compiled import compiled, types

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

_PICTURE = types.Array(types.uint8, 3, "A", readonly=True)
_MASK = types.boolean[:, ::1]
_PLACES = types.int32[::1]
_SUMS, _MEANS = types.int64[:, ::1], types.float32[:, ::1]


@compiled(types.int64(types.int64, types.int64))
def mirrored(at: int, length: int) -> int:
    """An index beyond an end, mirrored at the last pixel; as often as it takes."""
    if length == 1:
        return 0
    while at < 0 or at >= length:
        at = -at if at < 0 else 2 * (length - 1) - at
    return at


@compiled(types.void(_PICTURE, _PICTURE, _MASK, types.int64, types.int64, _SUMS))
def _tally(
    sample: NDArray[np.uint8],
    average: NDArray[np.uint8],
    counted: NDArray[np.bool_],
    row: int,
    sign: int,
    columns: NDArray[np.int64],
) -> None:
    """Add a row's products to the sums of its columns, or take them off; see ``roughness``."""
    y = mirrored(row, counted.shape[0])
    for x in range(counted.shape[1]):
        if counted[y, x]:
            r = np.int64(sample[y, x, 0]) - np.int64(average[y, x, 0])
            g = np.int64(sample[y, x, 1]) - np.int64(average[y, x, 1])
            b = np.int64(sample[y, x, 2]) - np.int64(average[y, x, 2])
            columns[x, 0] += sign * r * r
            columns[x, 1] += sign * r * g
            columns[x, 2] += sign * r * b
            columns[x, 3] += sign * g * g
            columns[x, 4] += sign * g * b
            columns[x, 5] += sign * b * b
            columns[x, 6] += sign


@compiled(
    types.void(_PICTURE, _PICTURE, _MASK, _PLACES, _PLACES, types.int64, types.float32[:, ::1])
)
def roughness(
    sample: NDArray[np.uint8],
    average: NDArray[np.uint8],
    counted: NDArray[np.bool_],
    ys: Indices,
    xs: Indices,
    reach: int,
    means: Floats,
) -> None:
    """How colours differ from their average around each of n pixels, over those that count.

    Sums of columns go down with the rows, and sums of those across, in whole numbers: each pixel
    is looked at twice, however large the window. Beyond a border the picture is mirrored.

    Args:
        sample: (h, w, 3).
        average: (h, w, 3).
        counted: (h, w), which pixels do.
        ys: (n,) the pixels' rows, ascending.
        xs: (n,) their columns, ascending within a row.
        reach: pixels that the window goes to each side.
        means: (n, 7), is filled: of the products rr, rg, rb, gg, gb, bb of differences -1..1, and
            how much counts; sums over the window's size, 0 for what does not count.
    """
    width, side = counted.shape[1], 2 * reach + 1
    columns = np.zeros((width, 7), np.int64)
    across = np.zeros((width + side, 7), np.int64)
    scale = np.float32(1 / (side * side))
    top, bottom = -side, -side  # the rows whose products are in columns
    i = 0
    while i < ys.size:
        first = int(ys[i]) - reach
        if first >= bottom:
            columns[:] = np.int64(0)
            top, bottom = first, first
        while top < first:
            _tally(sample, average, counted, top, -1, columns)
            top += 1
        while bottom < first + side:
            _tally(sample, average, counted, bottom, 1, columns)
            bottom += 1
        end = i
        while end < ys.size and ys[end] == ys[i]:
            end += 1
        left = xs[i] - reach
        for x in range(left, xs[end - 1] + reach + 1):
            column = mirrored(x, width)
            for c in range(7):
                across[x - left + 1, c] = across[x - left, c] + columns[column, c]
        for k in range(i, end):
            at = xs[k] - reach - left
            for c in range(7):
                total = np.float32(across[at + side, c] - across[at, c]) * scale
                means[k, c] = total if c == 6 else total * np.float32(1 / 65025)
        i = end
