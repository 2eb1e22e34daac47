"""The matting Laplacian of Levin, Lischinski and Weiss (PAMI 2008), for unknown pixels alone.

Within every 3 x 3 window alpha is a linear function of colour; how far it is from one is a
quadratic form in alpha, and its matrix has 25 entries a row. Here only the rows of unknown pixels
are made, all windows at once, which is why arrays have the windows as their last axis.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

_WINDOW = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))


class System(NamedTuple):
    """A linear system whose variables are the unknown pixels, in their order."""

    matrix: sparse.csr_matrix
    diagonal: Floats
    known: Floats
    """What the known pixels around contribute to the right side."""


def system(colours: Floats, unknown: NDArray[np.bool_], known: Floats, ridge: float) -> System:
    """Make the rows of the unknown pixels.

    Args:
        colours: (h, w, 3), 0..1.
        unknown: (h, w).
        known: (h, w) alpha 0..1; what it is where alpha is unknown does not matter.
        ridge: variance of colour below which contrast counts as noise.
    """
    shape = unknown.shape
    planes = _planes(colours, unknown, ridge)
    at = np.flatnonzero(unknown)
    number = np.full(unknown.size, -1, np.int32)
    number[at] = np.arange(len(at), dtype=np.int32)
    values, columns = _rows(planes, at, shape)
    inside = number[columns] >= 0
    given = np.where(inside, 0, known.ravel()[columns])
    starts = np.concatenate(([0], np.cumsum(inside.sum(axis=1)))).astype(np.int32)
    matrix = sparse.csr_matrix(
        (values[inside], number[columns][inside], starts), shape=(len(at), len(at))
    )
    return System(matrix, planes[0].ravel()[at], -(values * given).sum(axis=1))


def _rows(planes: dict[int, Floats], at: Indices, shape: tuple[int, ...]) -> tuple[Floats, Indices]:
    """(n, 25) entries, and the pixels that they multiply; 0 and any pixel beyond the picture."""
    size = shape[0] * shape[1]
    values, columns = [], []
    for offset, plane in planes.items():
        for there in (at + offset, at - offset) if offset else (at,):
            inside = (there >= 0) & (there < size)
            column = np.where(inside, there, 0)
            # The matrix is symmetric; a plane holds each entry once, at the earlier pixel.
            row = at if there[0] >= at[0] else column
            values.append(np.where(inside, plane[row], 0))
            columns.append(column)
    return np.stack(values, axis=1), np.stack(columns, axis=1)


def _planes(colours: Floats, unknown: NDArray[np.bool_], ridge: float) -> dict[int, Floats]:
    """The matrix by diagonals: offset of the second pixel, and (h * w) entries at the first."""
    height, width = unknown.shape
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8))
    near[[0, -1]] = near[:, [0, -1]] = 0  # windows lie wholly within the picture
    centres = np.flatnonzero(near)
    offsets = [y * width + x for y, x in _WINDOW]
    flat = np.ascontiguousarray(colours.reshape(-1, 3).T)
    apart = np.stack([flat[:, centres + offset] for offset in offsets])
    apart -= apart.mean(axis=0)
    white = _whitened(apart, ridge)
    pairs = [(first, second) for first in range(9) for second in range(first, 9)]
    planes: dict[int, Floats] = {
        offsets[second] - offsets[first]: np.zeros(height * width, np.float32)
        for first, second in pairs
    }
    for first, second in pairs:
        alike = np.einsum("cn,cn->n", white[first], white[second])
        entry = np.float32(first == second) - (1 + alike) * np.float32(1 / 9)
        planes[offsets[second] - offsets[first]][centres + offsets[first]] += entry
    return planes


def _whitened(apart: Floats, ridge: float) -> Floats:
    """Colours whose covariance in each window is the unit matrix, but for the ridge.

    By Cholesky's factors: with the inverse by determinants, single precision leaves nothing of a
    grey window's third direction, and the matrix is no longer one that gradients may descend on.

    Args:
        apart: (9, 3, windows) differences from the window's mean colour.
        ridge: is spread over the window, as in the paper.
    """
    spread = {
        (i, j): np.einsum("kn,kn->n", apart[:, i], apart[:, j]) * np.float32(1 / 9)
        + np.float32(ridge / 9 * (i == j))
        for i in range(3)
        for j in range(i, 3)
    }
    rr, rg, rb, gg, gb, bb = (spread[pair] for pair in sorted(spread))
    least = np.float32(ridge / 9)
    green = apart[:, 1] - rg / rr * apart[:, 0]
    gg = np.maximum(gg - rg / rr * rg, least)
    gb = gb - rg / rr * rb
    blue = apart[:, 2] - rb / rr * apart[:, 0] - gb / gg * green
    bb = np.maximum(bb - rb / rr * rb - gb / gg * gb, least)
    return np.stack((apart[:, 0] / np.sqrt(rr), green / np.sqrt(gg), blue / np.sqrt(bb)), axis=1)
