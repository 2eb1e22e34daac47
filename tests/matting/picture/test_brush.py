"""A matte that is touched up gets better where somebody drew, and stays as it was elsewhere."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matting import refiners
from matting.picture.brush import touched_up
from matting.picture.stroke import Stroke
from matting.refiners import Refiner

SIDE = 360


@pytest.fixture(scope="module")
def refiner() -> Refiner:
    return refiners.load("closed-form", {})


def composed() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """A soft-edged disc of one colour over another, and its true alpha."""
    rows, columns = np.indices((SIDE, SIDE), np.float32)
    distance = np.hypot(rows - 180, columns - 180)
    alpha = np.clip((110 - distance) / 12 + 0.5, 0, 1).astype(np.float32)
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 3, (SIDE, SIDE, 3))
    inside, outside = np.array([200, 120, 90]), np.array([40, 80, 60])
    pixels = alpha[..., None] * inside + (1 - alpha[..., None]) * outside + noise
    return pixels.clip(0, 255).astype(np.uint8), np.rint(alpha * 65535).astype(np.uint16)


def error(alpha: NDArray[np.uint16], truth: NDArray[np.uint16]) -> float:
    return float(np.abs(alpha.astype(np.int64) - truth).mean() / 65535)


def test_a_piece_that_is_missing_comes_back_with_a_soft_edge(refiner: Refiner) -> None:
    photo, truth = composed()
    cut = truth.copy()
    cut[:, 230:] = 0
    strokes = [Stroke("person", 44, ((240, 122), (258, 180), (240, 238)))]
    mended = touched_up(cut, photo, strokes, refiner).alpha
    assert error(mended, truth) < 0.15 * error(cut, truth)
    soft = (truth > 6000) & (truth < 59000) & (np.indices(truth.shape)[1] > 240)
    apart = np.abs(mended.astype(np.int64) - truth)[soft].mean() / 65535
    assert apart < 0.12, "the edge is the photo's own, not the brush's"


def test_what_does_not_belong_is_taken_away_and_the_rest_keeps_every_value(
    refiner: Refiner,
) -> None:
    photo, truth = composed()
    rng = np.random.default_rng(1)
    noisy = truth.copy()
    noisy[60:300, :40] = rng.integers(0, 65535, (240, 40), np.uint16)  # keeps what it is
    cv2.circle(noisy, (330, 40), 14, 65535, cv2.FILLED)
    strokes = [Stroke("background", 60, ((330, 40),))]
    mended = touched_up(noisy, photo, strokes, refiner).alpha
    assert mended[10:70, 310:350].max() < 3000
    assert np.array_equal(mended[:, :230], noisy[:, :230])


def test_hair_is_solved_where_the_matte_was_hard(refiner: Refiner) -> None:
    photo, truth = composed()
    hard = np.where(truth > 32767, np.uint16(65535), np.uint16(0))
    outline = [(180 + 110 * np.cos(t), 180 + 110 * np.sin(t)) for t in np.linspace(0, 6.3, 80)]
    mended = touched_up(hard, photo, [Stroke("hair", 36, tuple(outline))], refiner).alpha
    assert error(mended, truth) < 0.6 * error(hard, truth)


def test_strokes_outside_the_photo_or_none_change_nothing(refiner: Refiner) -> None:
    photo, truth = composed()
    outside = Stroke("person", 10, ((-500, -500), (-400, -500)))
    for strokes in ([], [outside]):
        assert np.array_equal(touched_up(truth, photo, strokes, refiner).alpha, truth)


def test_the_later_stroke_counts(refiner: Refiner) -> None:
    photo, truth = composed()
    there = ((60.0, 60.0),)
    strokes = [Stroke("person", 30, there), Stroke("background", 30, there)]
    assert touched_up(truth, photo, strokes, refiner).alpha[60, 60] == 0
    assert touched_up(truth, photo, strokes[::-1], refiner).alpha[60, 60] == 65535
