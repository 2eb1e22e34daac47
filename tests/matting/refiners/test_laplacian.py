"""The band's own matrix is the part of pymatting's that belongs to it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pymatting import cf_laplacian

from matting.refiners.laplacian import system

RIDGE = 1e-4


@pytest.fixture
def colours() -> np.ndarray:
    smooth = cv2.GaussianBlur(np.random.default_rng(1).random((33, 41, 3)), (0, 0), 1.5)
    return np.asarray(smooth, np.float32)


@pytest.mark.parametrize("grey", [False, True])
def test_rows_and_right_side_are_those_of_the_reference(colours: np.ndarray, grey: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Grey is the hard case: two of three directions have no variance but the ridge."""
    if grey:
        colours = np.repeat(colours[:, :, :1], 3, axis=2)
    unknown = np.zeros(colours.shape[:2], bool)
    unknown[5:30, 8:20] = unknown[:, 33:] = True
    known = np.random.default_rng(2).random(unknown.shape).astype(np.float32)
    whole = cf_laplacian(colours.astype(np.float64), epsilon=RIDGE).tocsr()
    inside, outside = np.flatnonzero(unknown), np.flatnonzero(~unknown)
    mine = system(colours, unknown, known, RIDGE)
    theirs = whole[inside][:, inside]
    assert np.abs((mine.matrix - theirs).toarray()).max() < 1e-3
    right = -(whole[inside][:, outside] @ known.ravel()[outside])
    assert np.abs(mine.known - right).max() < 1e-3
    assert np.abs(mine.diagonal - theirs.diagonal()).max() < 1e-3


def test_grey_leaves_a_matrix_that_gradients_can_descend_on(colours: np.ndarray) -> None:
    """With determinants in single precision it had negative directions, and alpha blew up."""
    grey = np.repeat(colours[:, :, :1], 3, axis=2) * np.array([1, 0.97, 0.9], np.float32)
    unknown = np.ones(grey.shape[:2], bool)
    matrix = system(grey, unknown, np.zeros_like(grey[:, :, 0]), RIDGE).matrix.toarray()
    assert np.linalg.eigvalsh(matrix.astype(np.float64)).min() > -1e-4
