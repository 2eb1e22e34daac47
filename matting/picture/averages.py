"""The kernel that shrinks pictures by averaging what lies in each small pixel.

Compiled by numba; see matting/compiled.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matting.compiled import compiled, types

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

_I1, _F1, _F = types.int32[::1], types.float32[::1], types.float32
_DEPTHS = types.uint8, types.uint16
_ACROSS = [types.void(_F1, _I1, _I1, _F1, _F1, _F, depth[::1]) for depth in _DEPTHS]
_COLOURS = 3
_LEAST = 1e-3
"""Of a pixel: a smaller part of one does not count, as OpenCV has it."""


def _picture(depth: Any) -> Any:
    return types.Array(depth, 2, "C", readonly=True)


@compiled(types.void(_I1, _I1, _F1, _F1, types.float64))
def _cut(first: Indices, last: Indices, before: Floats, behind: Floats, scale: float) -> None:
    """Which large pixels lie wholly in each of n small ones, and how much of those beside them.

    Args:
        first: (n,), is filled: the first that does.
        last: (n,), likewise: the one behind the last.
        before: (n,), likewise: how much of the pixel before the first.
        behind: (n,), likewise: how much of the one behind the last.
        scale: large pixels in a small one, 1 or more.
    """
    length = round(scale * first.size)
    for i in range(first.size):
        start, end = i * scale, min((i + 1) * scale, float(length))
        first[i] = min(int(np.ceil(start)), length)
        last[i] = max(first[i], int(np.floor(end)))
        left, right = first[i] - start, end - last[i]
        before[i] = left if left > _LEAST else 0.0
        behind[i] = right if right > _LEAST else 0.0


@compiled(*(types.void(_picture(of), *[types.int64] * 2, *[_F] * 2, _F1) for of in _DEPTHS))
def _down(
    picture: NDArray[Any],
    top: int,
    bottom: int,
    above: np.float32,
    below: np.float32,
    total: Floats,
) -> None:
    """Sum up rows of a picture, and parts of those beside them; see ``_cut``."""
    total[:] = np.float32(0)
    for row in range(top - 1, bottom + 1):
        share = np.float32(1)
        if row < top:
            share = above
        elif row >= bottom:
            share = below
        if share > np.float32(0):
            values = picture[row]
            for k in range(values.size):
                total[k] += share * np.float32(values[k])


@compiled(*_ACROSS)
def _colours_across(
    total: Floats,
    left: Indices,
    right: Indices,
    before: Floats,
    behind: Floats,
    share: np.float32,
    means: NDArray[Any],
) -> None:
    """Sum up columns of a row of colours that has a pixel more on both sides; see ``_cut``.

    One kernel for any number of bands took twice as long.
    """
    for x in range(left.size):
        start, end = left[x] * 3, right[x] * 3
        r = before[x] * total[start] + behind[x] * total[end + 3]
        g = before[x] * total[start + 1] + behind[x] * total[end + 4]
        b = before[x] * total[start + 2] + behind[x] * total[end + 5]
        for k in range(start + 3, end + 3, 3):
            r += total[k]
            g += total[k + 1]
            b += total[k + 2]
        means[3 * x] = np.rint(r * share)
        means[3 * x + 1] = np.rint(g * share)
        means[3 * x + 2] = np.rint(b * share)


@compiled(*_ACROSS)
def _grey_across(
    total: Floats,
    left: Indices,
    right: Indices,
    before: Floats,
    behind: Floats,
    share: np.float32,
    means: NDArray[Any],
) -> None:
    """The same of a row of grey."""
    for x in range(left.size):
        mean = before[x] * total[left[x]] + behind[x] * total[right[x] + 1]
        for k in range(left[x] + 1, right[x] + 1):
            mean += total[k]
        means[x] = np.rint(mean * share)


@compiled(*(types.void(_picture(of), types.int64, of[:, ::1]) for of in _DEPTHS))
def average(picture: NDArray[Any], bands: int, small: NDArray[Any]) -> None:
    """Fill a smaller picture with the averages of a larger one.

    Down first, where neighbours are worked on together, and then across the few rows that are left:
    OpenCV goes across every row first, and takes three times as long.

    Args:
        picture: (H, W * bands).
        bands: values of a pixel, side by side: 3 or 1.
        small: (h, w * bands), is filled; h and w are no more than H and W.
    """
    height, width = small.shape[0], small.shape[1] // bands
    down, across = picture.shape[0] / height, picture.shape[1] / bands / width
    top, bottom = np.empty(height, np.int32), np.empty(height, np.int32)
    above, below = np.empty(height, np.float32), np.empty(height, np.float32)
    _cut(top, bottom, above, below, down)
    left, right = np.empty(width, np.int32), np.empty(width, np.int32)
    before, behind = np.empty(width, np.float32), np.empty(width, np.float32)
    _cut(left, right, before, behind, across)
    share = np.float32(1 / (down * across))
    # With a pixel more on both sides, of which nothing counts.
    total = np.zeros(picture.shape[1] + 2 * bands, np.float32)
    inner = total[bands : bands + picture.shape[1]]
    for y in range(height):
        _down(picture, top[y], bottom[y], above[y], below[y], inner)
        if bands == _COLOURS:
            _colours_across(total, left, right, before, behind, share, small[y])
        else:
            _grey_across(total, left, right, before, behind, share, small[y])
