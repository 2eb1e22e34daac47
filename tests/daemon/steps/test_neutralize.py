"""Casts go, colours stay; judged in the L*a*b* of scikit-image."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from daemon.steps import neutralize
from daemon.steps.view import View


def read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path))[..., ::-1], np.uint8)


def neutralized(photo: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    options = neutralize.Options(strength=strength)
    return neutralize.apply(View.of(photo, 800), options).pixels


def chroma(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    lab = rgb2lab(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return np.asarray(np.hypot(lab[..., 1], lab[..., 2]))


def test_a_made_print_becomes_near_neutral_and_a_colour_photo_keeps_its_colours(
    made_photos: Path,
) -> None:
    toned = read(made_photos / "print.png")
    assert np.median(chroma(toned)) > 10
    assert np.median(chroma(neutralized(toned, 1))) < 3
    photo = read(made_photos / "coffee.jpg")
    change = rgb2lab(neutralized(photo, 1)) - rgb2lab(photo)
    assert np.median(np.hypot(change[..., 1], change[..., 2])) < 4


@pytest.mark.parametrize("name", ["couple-1912.jpg", "musician-1867.jpg", "girl-1870.jpg"])
def test_sepia_becomes_near_neutral_and_keeps_its_lightness(photos_dir: Path, name: str) -> None:
    photo = View.of(read(photos_dir / name), 800).pixels
    after = neutralized(photo, 1)
    assert np.median(chroma(photo)) > 10
    assert np.median(chroma(after)) < 3
    assert np.abs(rgb2lab(after)[..., 0] - rgb2lab(photo)[..., 0]).mean() < 0.5


def test_a_known_cast_that_changes_with_lightness_is_taken_out(made_photos: Path) -> None:
    """Faded paper: yellow highlights and reddish shadows over a photo without colours."""
    lab = rgb2lab(read(made_photos / "astronaut.jpg"))
    truth = lab[..., 0].copy()
    lab[..., 1] = 10 * (1 - truth / 100)
    lab[..., 2] = 5 + 18 * truth / 100
    cast = np.rint(255 * lab2rgb(lab)).astype(np.uint8)
    after = rgb2lab(neutralized(cast, 1))
    assert np.hypot(after[..., 1], after[..., 2]).mean() < 1.2
    assert np.abs(after[..., 0] - truth).mean() < 0.6


def test_a_pale_face_does_not_turn_blue_beside_yellowed_paper() -> None:
    """More bare paper than face, both equally light: the face decides, being nearer to grey."""
    lab = np.zeros((300, 300, 3))
    lab[..., 0] = np.linspace(20, 70, 300)[:, None]
    lab[..., 2] = 8
    lab[100:180, 100:140] = 88, 0, 3
    lab[:20] = 88, 0, 25
    after = rgb2lab(neutralized(np.rint(255 * lab2rgb(lab)).astype(np.uint8), 1))
    assert np.abs(after[140, 120, 1:]).max() < 4


def test_differences_of_colour_within_a_sepia_print_are_kept() -> None:
    """A hand-coloured cheek stays as much redder than its surroundings as it was."""
    lab = np.zeros((200, 200, 3))
    lab[..., 0] = np.linspace(20, 80, 200)[:, None]
    lab[..., 1:] = 4, 18
    lab[90:110, 90:110, 1] += 10
    after = rgb2lab(neutralized(np.rint(255 * lab2rgb(lab)).astype(np.uint8), 1))
    assert np.abs(after[100, 100, 1:] - after[100, 10, 1:] - (10, 0)).max() < 1


@pytest.mark.parametrize("name", ["toddler.jpg", "windswept.jpg", "man-24mp.jpg"])
def test_colour_photos_keep_their_colours(photos_dir: Path, name: str) -> None:
    photo = View.of(read(photos_dir / name), 800).pixels
    change = rgb2lab(neutralized(photo, 1)) - rgb2lab(photo)
    assert np.median(np.hypot(change[..., 1], change[..., 2])) < 4


def test_strength_is_the_share_of_the_cast(made_photos: Path) -> None:
    photo = View.of(read(made_photos / "print.png"), 800).pixels
    before, half, full = (np.median(chroma(neutralized(photo, s))) for s in (0, 0.5, 1))
    assert half == pytest.approx((before + full) / 2, rel=0.15)
