"""Scratches go; hair, lace, mouths and catchlights stay."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.draw import disk, line_aa
from skimage.metrics import peak_signal_noise_ratio

from daemon.steps import descratch
from daemon.steps.view import View


def read(path: Path, long_side: int = 1024) -> NDArray[np.uint8]:
    return View.of(np.asarray(cv2.imread(str(path))[..., ::-1], np.uint8), long_side).pixels


def mended(photo: NDArray[np.uint8], **options: float) -> NDArray[np.uint8]:
    return descratch.apply(View.of(photo, 2000), descratch.Options.model_validate(options)).pixels


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(before.astype(int) - after).max(axis=2) > 2)


def scratched(photo: NDArray[np.uint8], level: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The photo with slightly crooked scratches, three pixels wide, and where they are."""
    rng = np.random.default_rng(0)
    height, width = photo.shape[:2]
    ink = np.zeros((height, width))
    for _ in range(8):
        angle, length = rng.uniform(0, np.pi), rng.uniform(0.4, 0.8) * max(height, width)
        middle = rng.uniform(0.2, 0.8, 2) * (height, width)
        reach = length / 2 * np.array([np.sin(angle), np.cos(angle)])
        start, end = middle - reach, middle + reach
        rows, columns, _ = line_aa(*np.rint([*start, *end]).astype(int))
        rows = rows + np.rint(1.5 * np.sin(np.arange(len(rows)) / 60)).astype(int)
        inside = (rows >= 0) & (rows < height - 1) & (columns >= 0) & (columns < width - 1)
        for down, across in ((0, 0), (1, 0), (0, 1)):
            ink[rows[inside] + down, columns[inside] + across] = 0.9
    spoilt = photo * (1 - ink[..., None]) + level * ink[..., None]
    return np.rint(spoilt).astype(np.uint8), ink > 0


@pytest.mark.parametrize("level", [255, 0], ids=["bright", "dark"])
def test_most_of_known_scratches_are_mended(photos_dir: Path, level: int) -> None:
    photo = read(photos_dir / "girls-1860.jpg")
    spoilt, where = scratched(photo, level)
    after = mended(spoilt)
    gain = peak_signal_noise_ratio(photo, after) - peak_signal_noise_ratio(photo, spoilt)
    restored = np.abs(after.astype(int) - photo).max(axis=2)[where] < 25
    assert gain > 5
    assert restored.mean() > 0.55


@pytest.mark.parametrize(
    "name",
    [
        "man-24mp.jpg", "curly-grey.jpg", "windswept.jpg", "toddler.jpg", "girl-1870.jpg",
        "inuit-woman-1903.png", "couple-1912.jpg", "lincoln-1863.jpg", "hayes-1870s.jpg",
    ],
)  # fmt: skip
def test_photos_without_scratches_are_left_alone(photos_dir: Path, name: str) -> None:
    photo = read(photos_dir / name)
    assert changed(photo, mended(photo)).mean() < 0.01


def test_the_scratched_boy_loses_scratches_and_keeps_his_mouth(photos_dir: Path) -> None:
    photo = read(photos_dir / "boy-scratched.png")
    touched = changed(photo, mended(photo))
    scratch = np.s_[110:200, 42:48]
    mouth = np.s_[138:152, 108:140]
    assert touched[scratch].any(axis=1).mean() > 0.9
    assert not touched[mouth].any()


def test_lace_and_patterned_cloth_stay(photos_dir: Path) -> None:
    photo = read(photos_dir / "couple-1855.jpg")
    dress = np.s_[420:, 420:]
    assert changed(photo, mended(photo))[dress].mean() < 0.005


def test_a_catchlight_stays_and_dust_on_even_ground_goes() -> None:
    rng = np.random.default_rng(1)
    photo = np.full((400, 400), 120.0)
    for centre, radius, level in (((200, 120), 16, 200), ((200, 120), 9, 40), ((197, 123), 2, 250)):
        photo[disk(centre, radius)] = level
    photo[disk((200, 300), 2)] = 250
    photo = (photo + rng.normal(0, 2, photo.shape)).clip(0, 255)
    picture = np.rint(photo).astype(np.uint8)[..., None].repeat(3, axis=2)
    after = mended(picture)
    assert after[197, 123, 0] > 240
    assert after[200, 300, 0] < 140
    assert mended(picture, dust=False)[200, 300, 0] > 240
