"""The kernels of guided enlargement: lines of alpha over colour, fitted small and drawn large.

Compiled by numba; see matting/compiled.py. With numpy, on arrays of nine neighbours, they took five
times as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matting.compiled import compiled, types
from matting.refiners.roughness import mirrored

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

_PLAIN = 1e-4
"""Variance of alpha in a window below which nothing is explained by colour."""

_F2, _F3 = types.float32[:, ::1], types.float32[:, :, ::1]
_I1, _F1 = types.int32[::1], types.float32[::1]
_GUIDE = types.Array(types.uint8, 3, "A", readonly=True)


@compiled(types.void(_F2, _F3, _I1, _I1, _F2, _F3))
def fit(
    alpha: Floats, photo: Floats, ys: Indices, xs: Indices, ridge: Floats, fitted: Floats
) -> None:
    """Fit alpha to colour, by ridge regression, in the 3 x 3 pixels around each of n pixels.

    Args:
        alpha: (h, w) 0..1.
        photo: (h, w, 3) 0..1.
        ys: (n,) the pixels' rows.
        xs: (n,) their columns.
        ridge: (n, 6), added to the colours' covariance: rr, rg, rb, gg, gb, bb.
        fitted: (h, w, 4), is filled at the n pixels: three slopes, and R squared.
    """
    height, width = alpha.shape
    zero, one, ninth = np.float32(0), np.float32(1), np.float32(1 / 9)
    near = np.empty((9, 4), np.float32)
    for i in range(ys.size):
        y, x = ys[i], xs[i]
        a, r, g, b = zero, zero, zero, zero
        for k in range(9):
            row, column = mirrored(y - 1 + k // 3, height), mirrored(x - 1 + k % 3, width)
            near[k, 0] = alpha[row, column]
            for c in range(3):
                near[k, c + 1] = photo[row, column, c]
            a += near[k, 0]
            r += near[k, 1]
            g += near[k, 2]
            b += near[k, 3]
        a, r, g, b = a * ninth, r * ninth, g * ninth, b * ninth
        aa, ar, ag, ab = zero, zero, zero, zero
        rr, rg, rb, gg, gb, bb = zero, zero, zero, zero, zero, zero
        for k in range(9):
            da, dr, dg, db = near[k, 0] - a, near[k, 1] - r, near[k, 2] - g, near[k, 3] - b
            aa += da * da
            ar += da * dr
            ag += da * dg
            ab += da * db
            rr += dr * dr
            rg += dr * dg
            rb += dr * db
            gg += dg * dg
            gb += dg * db
            bb += db * db
        ar, ag, ab = ar * ninth, ag * ninth, ab * ninth
        rr, rg, rb = rr * ninth + ridge[i, 0], rg * ninth + ridge[i, 1], rb * ninth + ridge[i, 2]
        gg, gb, bb = gg * ninth + ridge[i, 3], gb * ninth + ridge[i, 4], bb * ninth + ridge[i, 5]
        # Three equations with a symmetric matrix, by Cholesky's factors without their roots.
        by_g, by_b = rg / rr, rb / rr
        gg, gb, green = gg - by_g * rg, gb - by_g * rb, ag - by_g * ar
        last = gb / gg
        blue = (ab - by_b * ar - last * green) / (bb - by_b * rb - last * gb)
        green = (green - gb * blue) / gg
        red = (ar - rg * green - rb * blue) / rr
        explained = (red * ar + green * ag + blue * ab) / max(aa * ninth, np.float32(_PLAIN))
        fitted[y, x, 0], fitted[y, x, 1], fitted[y, x, 2] = red, green, blue
        fitted[y, x, 3] = min(max(explained, zero), one)


@compiled(types.void(_F3, _F3, _I1, _I1, types.float32, types.float32, _F3, _F1))
def vote(  # noqa: PLR0913, PLR0917 - kernels take arrays, no values of ours
    fitted: Floats,
    photo: Floats,
    ys: Indices,
    xs: Indices,
    power: np.float32,
    least: np.float32,
    lines: Floats,
    votes: Floats,
) -> None:
    """Average the fits around each of n pixels, and add them to its line.

    Args:
        fitted: (h, w, 4), see ``fit``; 0 elsewhere.
        photo: (h, w, 3), what was fitted.
        ys: see ``fit``.
        xs: likewise.
        power: of R squared, how well they explain alpha, by which they count.
        least: by which all do.
        lines: (h, w, 4), is added to.
        votes: (n,), is added to: what the lines are to be divided by.
    """
    height, width = fitted.shape[:2]
    zero, ninth = np.float32(0), np.float32(1 / 9)
    for i in range(ys.size):
        y, x = ys[i], xs[i]
        red, green, blue, explained = zero, zero, zero, zero
        for k in range(9):
            row, column = mirrored(y - 1 + k // 3, height), mirrored(x - 1 + k % 3, width)
            red += fitted[row, column, 0]
            green += fitted[row, column, 1]
            blue += fitted[row, column, 2]
            explained += fitted[row, column, 3]
        red, green, blue, explained = red * ninth, green * ninth, blue * ninth, explained * ninth
        counts = explained**power + least
        votes[i] += counts
        counts *= explained
        lines[y, x, 0] += counts * red
        lines[y, x, 1] += counts * green
        lines[y, x, 2] += counts * blue
        lines[y, x, 3] += counts * (
            red * photo[y, x, 0] + green * photo[y, x, 1] + blue * photo[y, x, 2]
        )


@compiled(types.void(_F3, _I1, _I1, _F1, _I1, _F1, _GUIDE, types.uint16[:, :]))
def draw(  # noqa: PLR0913, PLR0917 - kernels take arrays, no values of ours
    lines: Floats,
    upper: Indices,
    lower: Indices,
    down: Floats,
    left: Indices,
    across: Floats,
    guide: NDArray[np.uint8],
    alpha: NDArray[Any],
) -> None:
    """Add to alpha what the lines make of the photo's colours, enlarged between small pixels.

    Args:
        lines: (h, w, 4): three to multiply colours 0..1 with, and what to take off then.
        upper: (H,) the small row above each large one.
        lower: (H,) the one below.
        down: (H,) how far towards that, 0..1.
        left: (W,) the small column left of each large one.
        across: (W,) how far towards the next, 0..1; 0 at the last.
        guide: (H, W, 3).
        alpha: (H, W) uint16, is added to.
    """
    width = lines.shape[1]
    zero, one, most = np.float32(0), np.float32(1), np.float32(65535)
    scale = np.float32(1 / 255)
    between, some = np.empty((width + 1, 4), np.float32), np.empty(width + 1, np.bool_)
    for y in range(upper.size):
        above, below, share = lines[upper[y]], lines[lower[y]], down[y]
        anything = False
        for x in range(width):
            for c in range(4):
                between[x, c] = above[x, c] + share * (below[x, c] - above[x, c])
            some[x] = between[x, 0] != zero or between[x, 1] != zero or between[x, 2] != zero
            anything |= some[x]
        if not anything:
            continue
        between[width], some[width] = between[width - 1], some[width - 1]
        for column in range(left.size):
            x = left[column]
            if not (some[x] or some[x + 1]):
                continue
            far = across[column]
            near = one - far
            detail = -(near * between[x, 3] + far * between[x + 1, 3])
            for c in range(3):
                slope = near * between[x, c] + far * between[x + 1, c]
                detail += slope * (guide[y, column, c] * scale)
            value = min(max(alpha[y, column] + most * detail, zero), most)
            alpha[y, column] = np.uint16(np.rint(value))
