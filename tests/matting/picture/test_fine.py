"""Coarse tells where, fine tells what: closer to the truth than guided enlargement, no seams."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matting import refiners
from matting.picture.fine import fine
from matting.picture.trimap import trimap_of
from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN, Refiner, Tile
from matting.refiners.guided import refine

Floats = NDArray[np.float32]


def head(side: int = 700, seed: int = 3) -> tuple[NDArray[np.uint8], Floats]:
    """(side, side, 3) RGB and its alpha: a dark head with loose hair before a light wall."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((4 * side, 4 * side), np.uint8)
    cv2.ellipse(drawn, (2 * side, 2 * side), (side, side * 5 // 4), 0, 0, 360, 255, cv2.FILLED)
    for angle in rng.uniform(0, 2 * np.pi, 150):
        way = np.array([np.cos(angle), np.sin(angle) * 1.25]) * side
        points = [2 * side + way * reach + rng.normal(0, 12, 2) for reach in (0.9, 1.05, 1.2)]
        cv2.polylines(drawn, [np.rint(points).astype(np.int32)], False, 255, 6, cv2.LINE_AA)  # noqa: FBT003 - cv2 knows no keyword
    alpha = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA) / np.float32(255)
    wall = 190 + cv2.GaussianBlur(rng.normal(0, 300, (side, side, 3)), (0, 0), 25)
    photo = alpha[..., None] * [60, 45, 40] + (1 - alpha[..., None]) * wall
    photo += rng.normal(0, 1.5, photo.shape)
    return np.rint(photo.clip(0, 255)).astype(np.uint8), np.asarray(alpha, np.float32)


def coarse_of(alpha: Floats, side: int = 140) -> NDArray[np.uint8]:
    """What a small network says of it: the place is right, the hair a blur."""
    small = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_AREA)
    return np.rint(cv2.GaussianBlur(small, (0, 0), 1.5) * 255).astype(np.uint8)


def soft_error(alpha: NDArray[np.uint16], truth: Floats) -> float:
    soft = (truth > 0.03) & (truth < 0.97)
    return float(np.abs(alpha / 65535 - truth)[soft].mean())


@pytest.fixture(scope="module")
def closed_form() -> Refiner:
    return refiners.load("closed-form", {})


def test_hair_comes_out_closer_to_the_truth_than_by_guided_enlargement(
    closed_form: Refiner,
) -> None:
    photo, truth = head()
    coarse = coarse_of(truth)
    done = fine(coarse, photo, closed_form)
    floor = refine(coarse, photo)
    assert done.tiles > 1
    assert soft_error(done.alpha, truth) < 0.75 * soft_error(floor, truth)
    errors = [np.abs(alpha / 65535 - truth).mean() for alpha in (done.alpha, floor)]
    assert errors[0] < errors[1]


def test_tiles_of_other_sizes_and_threads_give_the_same_matte() -> None:
    photo, truth = head()
    coarse = coarse_of(truth)
    mattes = []
    for side, threads in ((640, 1), (640, 2), (300, 1), (1024, 1)):
        refiner = refiners.load("closed-form", {})
        refiner.side = side
        mattes.append(fine(coarse, photo, refiner, threads=threads).alpha.astype(int))
    assert (mattes[0] == mattes[1]).all()
    for other in mattes[2:]:
        apart = np.abs(other - mattes[0])
        assert (apart > 0.05 * 65535).mean() < 0.001
        assert apart.mean() < 0.001 * 65535


def test_a_photo_with_more_unknown_than_it_can_afford_is_done_smaller() -> None:
    photo, truth = head()
    refiner = refiners.load("closed-form", {})
    refiner.most_unknown = 20_000
    done = fine(coarse_of(truth), photo, refiner)
    assert 0.2 < done.scale < 0.8
    assert done.alpha.shape == truth.shape
    assert soft_error(done.alpha, truth) < 0.75 * soft_error(refine(coarse_of(truth), photo), truth)


@pytest.mark.parametrize("level", [0, 100, 255])
def test_a_network_that_tells_no_place_leaves_guided_enlargement(
    closed_form: Refiner, level: int
) -> None:
    """Nobody, everybody, or unsure all over."""
    photo, _ = head(200)
    coarse = np.full((40, 40), level, np.uint8)
    done = fine(coarse, photo, closed_form)
    assert (done.tiles, done.scale) == (0, 1.0)
    assert (done.alpha == refine(coarse, photo)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 2000)])
def test_tiny_and_thin_photos_come_through(closed_form: Refiner, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    photo = rng.integers(0, 256, (*size, 3), np.uint8)
    coarse = rng.integers(0, 256, tuple(min(40, side) for side in size), np.uint8)
    assert fine(coarse, photo, closed_form).alpha.shape == size


def test_the_band_is_wide_where_the_network_is_unsure_and_narrow_where_it_is_sure() -> None:
    alpha = np.zeros((60, 200), np.uint8)
    alpha[:, 100:] = 255
    alpha[30:, 90:110] = np.linspace(0, 255, 20)
    unknown = (trimap_of(alpha) == UNKNOWN).sum(axis=1)
    assert 4 <= unknown[10] <= 6
    assert unknown[50] >= 28


def test_what_is_unsure_far_inside_is_asked_and_the_rest_of_the_inside_is_not() -> None:
    alpha = np.full((100, 100), 255, np.uint8)
    alpha[:, :10] = 0
    alpha[50, 60] = 150  # a button
    trimap = trimap_of(alpha)
    assert trimap[50, 60] == UNKNOWN
    assert (trimap[:, 70:] == FOREGROUND).all()
    assert (trimap[:, :5] == BACKGROUND).all()


# Somebody's own trimap


def own_trimap(truth: Floats) -> NDArray[np.uint8]:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (31, 31))
    trimap = np.full(truth.shape, UNKNOWN, np.uint8)
    trimap[cv2.dilate(truth, disc) < 0.01] = BACKGROUND
    trimap[cv2.erode(truth, disc) > 0.99] = FOREGROUND
    return trimap


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("most", [None, 20_000])
def test_a_trimap_has_the_last_word_whatever_the_network_found(
    found: bool,  # noqa: FBT001 - a parameter of the test
    most: int | None,
) -> None:
    photo, truth = head()
    coarse = coarse_of(truth) if found else np.zeros((140, 140), np.uint8)
    trimap = own_trimap(truth)
    refiner = refiners.load("closed-form", {})
    refiner.most_unknown = most
    done = fine(coarse, photo, refiner, trimap=trimap)
    assert (done.alpha[trimap == BACKGROUND] == 0).all()
    assert (done.alpha[trimap == FOREGROUND] == 65535).all()
    assert soft_error(done.alpha, truth) < 0.19


def test_a_trimap_without_anything_unknown_is_the_matte(closed_form: Refiner) -> None:
    photo, truth = head(200)
    trimap = np.where(truth > 0.5, np.uint8(FOREGROUND), np.uint8(BACKGROUND))
    done = fine(coarse_of(truth, 40), photo, closed_form, trimap=trimap)
    assert (done.alpha == np.where(truth > 0.5, 65535, 0)).all()


class Remembering(Refiner):
    """Answers the coarse alpha, and keeps what it was asked."""

    side, overlap = 256, 50

    def __init__(self) -> None:
        self.asked: list[Tile] = []

    def describe(self) -> dict[str, Any]:
        return {"name": "remembering"}

    def refine(self, tile: Tile) -> NDArray[np.uint16]:
        self.asked.append(tile)
        return tile.coarse.astype(np.uint16) * np.uint16(257)


def test_tiles_add_up_to_what_they_say_and_only_those_with_an_edge_are_asked() -> None:
    photo, truth = head()
    refiner = Remembering()
    coarse = coarse_of(truth)
    done = fine(coarse, photo, refiner)
    assert done.tiles == len(refiner.asked)
    assert all((tile.trimap == UNKNOWN).any() for tile in refiner.asked)
    assert all(tile.pixels.shape[:2] == tile.trimap.shape for tile in refiner.asked)
    assert max(max(tile.trimap.shape) for tile in refiner.asked) == 256
    large = cv2.resize(trimap_of(coarse), (700, 700), interpolation=cv2.INTER_NEAREST)
    apart = np.abs(done.alpha.astype(int) - refine(coarse, photo))[large == UNKNOWN]
    assert apart.max() <= 257
