"""The kernels of guided enlargement compute what numpy does on arrays of neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from matting.refiners.lines import draw, fit, vote

Floats = NDArray[np.float64]
RIDGE = 1e-4


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def neighbours(picture: Floats) -> Floats:
    """(h, w, channels, 9): the 3 x 3 pixels around each, mirrored beyond the picture."""
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="reflect")
    windows = sliding_window_view(padded, (3, 3), axis=(0, 1))
    return windows.reshape(*picture.shape, 9)


@pytest.mark.parametrize("shape", [(9, 12), (2, 3)])
def test_fits_are_ridge_regressions_and_are_averaged(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    alpha, photo = rng.random(shape).astype(np.float32), rng.random((*shape, 3)).astype(np.float32)
    ys, xs = (each.ravel().astype(np.int32) for each in np.indices(shape))
    ridge = np.tile(np.array([RIDGE, 0, 0, RIDGE, 0, RIDGE], np.float32), (alpha.size, 1))
    fitted, votes = np.zeros((*shape, 4), np.float32), np.zeros(alpha.size, np.float32)
    lines = np.zeros_like(fitted)
    fit(alpha, photo, ys, xs, ridge, fitted)
    vote(fitted, photo, ys, xs, np.float32(4), np.float32(1e-6), lines, votes)
    slopes, explained = regressed(alpha.astype(float), photo.astype(float))
    means = neighbours(np.dstack((slopes, explained))).mean(axis=-1)
    assert np.abs(fitted[..., :3] - slopes).max() < 1e-3 * np.abs(slopes).max()
    assert np.abs(fitted[..., 3] - explained).max() < 1e-3
    expected = means[..., 3:] * np.dstack((means[..., :3], (means[..., :3] * photo).sum(axis=-1)))
    drawn = lines / votes.reshape(*shape, 1)
    assert np.abs(drawn - expected).max() < 1e-3 * np.abs(expected).max()


def regressed(alpha: Floats, photo: Floats) -> tuple[Floats, Floats]:
    """(h, w, 3) slopes and (h, w) R squared."""
    a, colours = neighbours(alpha[..., None])[..., 0, :], neighbours(photo)
    a, colours = (each - each.mean(axis=-1, keepdims=True) for each in (a, colours))
    spread = np.einsum("hwik,hwjk->hwij", colours, colours) / 9 + RIDGE * np.eye(3)
    joint = np.einsum("hwik,hwk->hwi", colours, a) / 9
    slopes = np.linalg.solve(spread, joint[..., None])[..., 0]
    variance = (a**2).mean(axis=-1).clip(1e-4)
    return slopes, ((slopes * joint).sum(axis=-1) / variance).clip(0, 1)


def test_lines_are_enlarged_bilinearly_and_drawn(rng: np.random.Generator) -> None:
    lines: NDArray[np.float32] = (rng.random((3, 4, 4)) - 0.5).astype(np.float32)
    lines[:, 2:] = 0  # nothing to draw on the right
    lines *= np.float32(0.25)
    guide = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    alpha = rng.integers(0, 65536, (6, 8), dtype=np.uint16)
    above, down = (
        np.array([0, 0, 0, 1, 1, 2], np.int32),
        np.array([0, 0.25, 0.75, 0.25, 0.75, 0], np.float32),
    )
    left, across = (
        np.array([0, 0, 0, 1, 1, 2, 2, 3], np.int32),
        np.array([0, *[0.25, 0.75] * 3, 0], np.float32),
    )
    below, drawn = np.minimum(above + 1, 2, dtype=np.int32), alpha.copy()
    draw(lines, above, below, down, left, across, guide, drawn)
    rows = lines[above] * (1 - down)[:, None, None]
    rows += lines[below] * down[:, None, None]
    wide = rows[:, left] * (1 - across)[:, None]
    wide += rows[:, np.minimum(left + 1, 3)] * across[:, None]
    detail = (wide[..., :3] * (guide / 255)).sum(axis=-1) - wide[..., 3]
    expected = np.rint((alpha + 65535 * detail).clip(0, 65535))
    assert np.abs(drawn - expected).max() <= 1
    assert (drawn[:, 6:] == alpha[:, 6:]).all()
