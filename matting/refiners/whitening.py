"""The kernel that brings the colours of 3 x 3 windows to where they vary alike in all directions.

Compiled by numba; see matting/compiled.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matting.compiled import compiled, types

Floats = NDArray[np.float32]

_F2 = types.float32[:, ::1]
_PICTURE, _ROW = (types.Array(types.uint8, rank, "C", readonly=True) for rank in (3, 2))


@compiled(types.void(_ROW, types.float32[:, :]))
def _lay_apart(row: NDArray[np.uint8], colours: Floats) -> None:
    """Bring a row of (n, 3) into lines of red, green and blue, 0..1."""
    scale = np.float32(1 / 255)
    for c in range(3):
        line = colours[c]
        for k in range(len(row)):
            line[k] = row[k, c] * scale


@compiled(types.void(_F2, types.int64, _F2))
def _covary(white: Floats, count: int, spread: Floats) -> None:
    """Sum up the products of what is apart from the mean; see ``whiten``."""
    spread[3:, :count] = np.float32(0)
    rr, rg, rb = spread[3, :count], spread[4, :count], spread[5, :count]
    gg, gb, bb = spread[6, :count], spread[7, :count], spread[8, :count]
    for i in range(9):
        r, g, b = white[3 * i, :count], white[3 * i + 1, :count], white[3 * i + 2, :count]
        for k in range(count):
            rr[k] += r[k] * r[k]
            rg[k] += r[k] * g[k]
            rb[k] += r[k] * b[k]
            gg[k] += g[k] * g[k]
            gb[k] += g[k] * b[k]
            bb[k] += b[k] * b[k]


@compiled(types.void(_PICTURE, types.int64, types.int64, types.int64, types.float32, _F2, _F2, _F2))
def whiten(  # noqa: PLR0913, PLR0917 - kernels take arrays, no values of ours
    pixels: NDArray[np.uint8],
    y: int,
    x: int,
    count: int,
    least: np.float32,
    white: Floats,
    spread: Floats,
    lines: Floats,
) -> None:
    """The colours of windows side by side, brought to where their covariance is the unit matrix.

    But for the ridge, and by Cholesky's factors: with the inverse by determinants, single precision
    leaves nothing of a grey window's third direction, and the matrix is no longer one that
    gradients may descend on.

    Args:
        pixels: (h, w, 3).
        y: the row of the windows' middles.
        x: the first one's column.
        count: how many there are.
        least: the ridge's part of each variance.
        white: (27, w), is filled: red, green and blue of the first pixel of each, of the second...
        spread: (9, w), is overwritten: means, and then the covariance.
        lines: (9, w), is overwritten: red of the three rows, 0..1, then green, then blue.
    """
    one, ninth = np.float32(1), np.float32(1 / 9)
    for row in range(3):
        _lay_apart(pixels[y - 1 + row, x - 1 : x + count + 1], lines[row::3])
    for c in range(3):
        mean = spread[c, :count]
        mean[:] = np.float32(0)
        for i in range(9):
            colour = lines[3 * c + i // 3, i % 3 : i % 3 + count]
            for k in range(count):
                mean[k] += colour[k] * ninth
        for i in range(9):
            colour = lines[3 * c + i // 3, i % 3 : i % 3 + count]
            apart = white[3 * i + c, :count]
            for k in range(count):
                apart[k] = colour[k] - mean[k]
    _covary(white, count, spread)
    rr, rg, rb = spread[3, :count], spread[4, :count], spread[5, :count]
    gg, gb, bb = spread[6, :count], spread[7, :count], spread[8, :count]
    root_r, root_g, root_b = spread[0, :count], spread[1, :count], spread[2, :count]
    for k in range(count):
        red = rr[k] * ninth + least
        to_g, to_b = rg[k] * ninth, rb[k] * ninth
        g_by_r, b_by_r = to_g / red, to_b / red
        green = max(gg[k] * ninth + least - g_by_r * to_g, least)
        b_by_g = (gb[k] * ninth - b_by_r * to_g) / green
        blue = max(bb[k] * ninth + least - b_by_r * to_b - b_by_g * b_by_g * green, least)
        rg[k], rb[k], gb[k] = g_by_r, b_by_r, b_by_g
        root_r[k], root_g[k] = one / np.sqrt(red), one / np.sqrt(green)
        root_b[k] = one / np.sqrt(blue)
    for i in range(9):
        r, g, b = white[3 * i, :count], white[3 * i + 1, :count], white[3 * i + 2, :count]
        for k in range(count):
            green = g[k] - rg[k] * r[k]
            blue = b[k] - rb[k] * r[k] - gb[k] * green
            r[k], g[k], b[k] = r[k] * root_r[k], green * root_g[k], blue * root_b[k]
