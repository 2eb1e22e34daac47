"""The kernels of the foreground's colours: sweeps over the few pixels that have to be solved.

Compiled by numba; see matting/compiled.py.

A level's pixels are listed row by row: ``xs`` has their columns, and ``starts[y]`` says where row y
begins in it. So time and memory go by the soft edge, never by the picture. Colours are (n, 8):
foreground, one place unused, background, one place unused; 32 bytes, so that a neighbour's are one
or two steps of the cache away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matting.compiled import compiled, types

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

_FLAT = np.float32(1e-5)
"""Weight of a neighbour with the same alpha, as pymatting has it."""
_STEEP = np.float32(0.2)
"""Weight per difference of alpha. pymatting's 1 makes the colours up to a tenth worse where they
are known, and needs twice the sweeps."""
_COLOURS = (0, 1, 2, 4, 5, 6)


_F4S, _F4S2 = types.float32[:], types.float32[:, :]
_U2S = types.Array(types.uint16, 2, "A", readonly=True)
_PIXELS = [types.Array(each, 3, "A", readonly=True) for each in (types.uint8, types.uint16)]
"""Photos may be read-only; numba takes arrays that are not for these, too."""


@compiled(
    *(
        types.void(each, _U2S, *[types.int32[:]] * 2, *[types.int64[:]] * 2, _F4S2, _F4S)
        for each in _PIXELS
    )
)
def gather(  # noqa: PLR0913, PLR0917 - kernels take arrays, no values of ours
    pixels: NDArray[Any],
    alpha: NDArray[np.uint16],
    xs: Indices,
    starts: Indices,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    photo: Floats,
    shares: Floats,
) -> None:
    """Read a level's pixels out of the photo.

    Args:
        pixels: (height, width, 3), at the photo's own size.
        alpha: (height, width).
        xs: the level's.
        starts: the level's.
        rows: which of the photo's rows stands for each of the level's.
        columns: likewise.
        photo: (n, 3), is filled: as the dtype has them, not scaled.
        shares: (n,), is filled: 0..1.
    """
    for y in range(starts.size - 1):
        row = rows[y]
        for i in range(starts[y], starts[y + 1]):
            column = columns[xs[i]]
            shares[i] = alpha[row, column] * np.float32(1 / 65535)
            for c in range(3):
                photo[i, c] = pixels[row, column, c]


@compiled("f4[:,::1](i4[:], i4[:], i8, i4[:], i4[:], i8, f4[:,:])")
def inherit(
    xs: Indices,
    starts: Indices,
    first: int,
    above_xs: Indices,
    above_starts: Indices,
    above_first: int,
    above: Floats,
) -> Floats:
    """Begin a level with what the level above, at half the size, has around each pixel.

    The level above took every second pixel, the odd ones: those begin with its very colours, the
    others with the mean of the two or four that are there.

    Args:
        xs: this level's pixels.
        starts: likewise.
        first: which row of the whole level ours begins with.
        above_xs: the level above; it has at least one pixel for each of ours.
        above_starts: likewise.
        above_first: likewise.
        above: its colours.
    """
    colours = np.zeros((xs.size, 8), np.float32)
    for y in range(starts.size - 1):
        lower = ((y + first) >> 1) - above_first
        upper = max(0, lower - 1 + ((y + first) & 1))
        for row in range(upper, lower + 1):
            at, end = above_starts[row], above_starts[row + 1]
            for i in range(starts[y], starts[y + 1]):
                right = xs[i] >> 1
                left = right - 1 + (xs[i] & 1)
                while at < end and above_xs[at] < left:
                    at += 1
                k = at
                while k < end and above_xs[k] <= right:
                    for c in _COLOURS:
                        colours[i, c] += above[k, c]
                    colours[i, 7] += np.float32(1)
                    k += 1
    for i in range(xs.size):
        share = np.float32(1) / max(colours[i, 7], np.float32(1))
        for c in _COLOURS:
            colours[i, c] *= share
    return colours


@compiled("i4[:,::1](i4[:], i4[:])")
def neighbours(xs: Indices, starts: Indices) -> Indices:
    """(n, 4): who is above, below, right and left of each pixel; itself where nobody is."""
    beside = np.empty((xs.size, 4), np.int32)
    for y in range(starts.size - 1):
        here, end = starts[y], starts[y + 1]
        up, down = starts[max(0, y - 1)], end
        bottom = starts[min(starts.size - 1, y + 2)]
        for i in range(here, end):
            while up < here and xs[up] < xs[i]:
                up += 1
            while down < bottom and xs[down] < xs[i]:
                down += 1
            beside[i, 0] = up if up < here and xs[up] == xs[i] else i
            beside[i, 1] = down if down < bottom and xs[down] == xs[i] else i
            beside[i, 2] = i + 1 if i + 1 < end and xs[i + 1] == xs[i] + 1 else i
            beside[i, 3] = i - 1 if i > here and xs[i - 1] == xs[i] - 1 else i
    return beside


@compiled("void(f4[:], i4[:,:], f4[:,:], f4[:,:])")
def weigh(shares: Floats, beside: Indices, weights: Floats, inverse: Floats) -> None:
    """What stays the same in all sweeps.

    Args:
        shares: (n,), alpha.
        beside: see ``neighbours``.
        weights: (n, 4), is filled: the neighbours'.
        inverse: (n, 3), is filled: of each pixel's symmetric 2 x 2 system, foreground and
            background.
    """
    one = np.float32(1)
    for i in range(shares.size):
        a, b, total = shares[i], one - shares[i], np.float32(0)
        for d in range(4):
            j = beside[i, d]
            weight = np.float32(0) if j == i else _FLAT + _STEEP * abs(a - shares[j])
            weights[i, d] = weight
            total += weight
        total = max(total, _FLAT)
        over = one / ((a * a + total) * (b * b + total) - a * b * a * b)
        inverse[i, 0] = (b * b + total) * over
        inverse[i, 1] = -a * b * over
        inverse[i, 2] = (a * a + total) * over


@compiled("void(f4[:,:], f4[:,:], f4[:], i4[:,:], f4[:,:], f4[:,:], i8)")
def sweep(
    colours: Floats,
    photo: Floats,
    shares: Floats,
    beside: Indices,
    weights: Floats,
    inverse: Floats,
    sweeps: int,
) -> None:
    """Solve for pixel after pixel with its neighbours as they are, down the list and up in turns.

    Args:
        colours: (n, 8), 0..1; is changed.
        photo: (n, 3), 0..1.
        shares: see ``weigh``.
        beside: see ``neighbours``.
        weights: see ``weigh``.
        inverse: see ``weigh``.
        sweeps: how often.
    """
    zero, one = np.float32(0), np.float32(1)
    count = shares.size
    for number in range(sweeps):
        for k in range(count):
            i = k if number % 2 == 0 else count - 1 - k
            a, b = shares[i], one - shares[i]
            f0, f1, f2 = a * photo[i, 0], a * photo[i, 1], a * photo[i, 2]
            b0, b1, b2 = b * photo[i, 0], b * photo[i, 1], b * photo[i, 2]
            for d in range(4):
                weight, j = weights[i, d], beside[i, d]
                f0 += weight * colours[j, 0]
                f1 += weight * colours[j, 1]
                f2 += weight * colours[j, 2]
                b0 += weight * colours[j, 4]
                b1 += weight * colours[j, 5]
                b2 += weight * colours[j, 6]
            p, q, r = inverse[i, 0], inverse[i, 1], inverse[i, 2]
            colours[i, 0] = min(max(p * f0 + q * b0, zero), one)
            colours[i, 1] = min(max(p * f1 + q * b1, zero), one)
            colours[i, 2] = min(max(p * f2 + q * b2, zero), one)
            colours[i, 4] = min(max(q * f0 + r * b0, zero), one)
            colours[i, 5] = min(max(q * f1 + r * b1, zero), one)
            colours[i, 6] = min(max(q * f2 + r * b2, zero), one)


@compiled(
    *(
        types.void(
            each[:, :, :], _U2S, *[types.int32[:]] * 2, types.int64, _F4S2, *[types.int64] * 3
        )
        for each in (types.uint8, types.uint16)
    )
)
def spread(  # noqa: PLR0913, PLR0917 - kernels take arrays, no values of ours
    result: NDArray[Any],
    alpha: NDArray[np.uint16],
    xs: Indices,
    starts: Indices,
    first: int,
    colours: Floats,
    level: int,
    top: int,
    bottom: int,
) -> None:
    """Write a level's foreground into the result: level 0 where it is soft, each where it is clear.

    Args:
        result: (height, width, 3), is changed in rows ``top`` to ``bottom``.
        alpha: (height, width).
        xs: the level's.
        starts: likewise.
        first: see ``inherit``.
        colours: likewise.
        level: a pixel of it stands for 2 ** level along each side.
        top: of the rows that are written.
        bottom: likewise, the first that is not.
    """
    side = 1 << level
    width = alpha.shape[1]
    most = np.float32(255 if result.itemsize == 1 else 65535)
    for y in range(starts.size - 1):
        above, below = max(top, (y + first) * side), min(bottom, (y + first + 1) * side)
        if above >= below:
            continue
        for i in range(starts[y], starts[y + 1]):
            for row in range(above, below):
                for column in range(xs[i] * side, min(width, (xs[i] + 1) * side)):
                    if alpha[row, column] == 0 or (level == 0 and alpha[row, column] < 65535):
                        for c in range(3):
                            value = colours[i, c] * most + np.float32(0.5)
                            result[row, column, c] = np.int64(value)
