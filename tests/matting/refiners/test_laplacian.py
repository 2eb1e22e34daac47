"""The band's matrix is the part of pymatting's that belongs to it, and is descended on alike."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pymatting import cf_laplacian
from scipy import sparse

from matting.refiners.gradients import solve
from matting.refiners.laplacian import System, multiply, system

RIDGE, PULL = 1e-4, 0.05
Floats = NDArray[np.float32]


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    smooth = cv2.GaussianBlur(np.random.default_rng(1).random((33, 41, 3)), (0, 0), 1.5)
    return np.rint(smooth * 255).astype(np.uint8)


@pytest.fixture
def unknown() -> NDArray[np.bool_]:
    """Some in the middle, some at the picture's own edge."""
    chosen = np.zeros((33, 41), bool)
    chosen[5:30, 8:20] = chosen[:, 33:] = True
    return chosen


def reference(pixels: NDArray[np.uint8]) -> sparse.csr_matrix:
    return cf_laplacian(pixels / 255, epsilon=RIDGE).tocsr()


def columns(equations: System) -> Floats:
    """The matrix, as multiplying finds it: one column after the other."""
    count = equations.diagonal.size
    places = np.concatenate([np.arange(p, p + n) for _, n, p in equations.runs])
    matrix = np.empty((count, count), np.float32)
    for number, place in enumerate(places):
        grid, product = np.zeros(equations.size, np.float32), np.empty(count, np.float32)
        grid[place] = 1
        multiply(equations.entries, equations.runs, equations.stride, grid, product)
        matrix[:, number] = product
    return matrix


@pytest.mark.parametrize("grey", [False, True])
def test_rows_and_right_side_are_those_of_the_reference(
    pixels: NDArray[np.uint8],
    unknown: NDArray[np.bool_],
    grey: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Grey is the hard case: two of three directions have no variance but the ridge."""
    if grey:
        pixels = np.repeat(pixels[:, :, :1], 3, axis=2)
    known = np.random.default_rng(2).random(unknown.shape).astype(np.float32)
    whole = reference(pixels)
    inside, outside = np.flatnonzero(unknown), np.flatnonzero(~unknown)
    mine, theirs = system(pixels, unknown, known, RIDGE), whole[inside][:, inside]
    assert np.abs(columns(mine) - theirs.toarray()).max() < 1e-3
    right = -(whole[inside][:, outside] @ known.ravel()[outside])
    assert np.abs(mine.known - right).max() < 1e-3
    assert np.abs(mine.diagonal - theirs.diagonal()).max() < 1e-3


def test_grey_leaves_a_matrix_that_gradients_can_descend_on(pixels: NDArray[np.uint8]) -> None:
    """With determinants in single precision it had negative directions, and alpha blew up."""
    grey = np.repeat(pixels[:, :, :1], 3, axis=2) * np.array([1, 0.97, 0.9])
    unknown = np.ones(grey.shape[:2], bool)
    equations = system(
        np.rint(grey).astype(np.uint8), unknown, np.zeros(unknown.shape, np.float32), RIDGE
    )
    matrix = columns(equations).astype(np.float64)
    assert np.linalg.eigvalsh((matrix + matrix.T) / 2).min() > -1e-4
    assert np.abs(matrix - matrix.T).max() < 1e-4


def test_the_descent_is_that_of_conjugate_gradients_in_double_precision(
    pixels: NDArray[np.uint8], unknown: NDArray[np.bool_]
) -> None:
    """The kernels compute what scipy's matrices and numpy did, as closely as a matte can show."""
    rng = np.random.default_rng(3)
    known = rng.random(unknown.shape).astype(np.float32)
    coarse = rng.random(np.count_nonzero(unknown)).astype(np.float32)
    whole = reference(pixels)
    inside, outside = np.flatnonzero(unknown), np.flatnonzero(~unknown)
    right = PULL * coarse - whole[inside][:, outside] @ known.ravel()[outside]
    matrix = whole[inside][:, inside] + PULL * sparse.identity(len(inside))
    mine = solve(system(pixels, unknown, known, RIDGE), coarse, PULL)
    assert np.abs(mine - _descended(matrix, right, coarse.astype(np.float64))).max() < 1e-3


def _descended(
    matrix: sparse.csr_matrix, right: NDArray[np.float64], alpha: NDArray[np.float64]
) -> NDArray[np.float64]:
    """At most 60 steps, until the residual has become a thousandth."""
    weight = 1 / matrix.diagonal()
    rest = right - matrix @ alpha
    way, enough = weight * rest, 1e-6 * (right * weight * right).sum()
    for _ in range(60):
        now = (rest * weight * rest).sum()
        if now <= enough:
            break
        ahead = matrix @ way
        step = now / (way @ ahead)
        alpha, rest = alpha + step * way, rest - step * ahead
        way = weight * rest + (rest * weight * rest).sum() / now * way
    return alpha
