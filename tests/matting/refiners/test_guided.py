"""The native-size matte follows the photo's edge, and beats an enlargement."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from matting.refiners.guided import refine

Floats = NDArray[np.float32]


def hair(height: int, width: int, seed: int) -> Floats:
    """A known matte, 0..1: a head with hairs one or two pixels wide, drawn 4 times as large."""
    rng = np.random.default_rng(seed)
    fine = np.zeros((4 * height, 4 * width), np.uint8)
    cv2.ellipse(
        fine, (2 * width, int(2.4 * height)), (width * 4 // 5, height), 0, 0, 360, 255, cv2.FILLED
    )
    along = np.linspace(0, 1, 20)[:, None]
    for angle in rng.uniform(0.9 * np.pi, 2.1 * np.pi, 120):
        way = np.array([np.cos(angle), np.sin(angle)])
        root = [0.5 * width, 0.6 * height] + way * [0.19 * width, 0.24 * height]
        bend = np.array([-way[1], way[0]]) * rng.normal(0, 0.4)
        strand = root + rng.uniform(0.08, 0.2) * height * (way * along + bend * along**2)
        points = [np.rint(4 * strand).astype(np.int32)]
        cv2.polylines(fine, points, False, 255, int(rng.integers(4, 9)), cv2.LINE_AA)  # noqa: FBT003 - cv2 knows no keyword
    return np.asarray(
        cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA) / np.float32(255)
    )


def photographed(
    backdrop: NDArray[np.uint8], truth: Floats, tone: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """The head in front of a real photo, with grain."""
    rng = np.random.default_rng(1)
    shade = cv2.GaussianBlur(rng.normal(0, 80, (*truth.shape, 1)), (0, 0), 3)[..., None]
    mixed = truth[..., None] * (np.array(tone) + shade) + (1 - truth[..., None]) * backdrop
    return np.rint((mixed + rng.normal(0, 2, mixed.shape)).clip(0, 255)).astype(np.uint8)


def shrunk(truth: Floats, factor: float, softness: float = 0) -> NDArray[np.uint8]:
    """What a perfect network says at a smaller size, or one that draws soft edges."""
    height, width = truth.shape
    size = round(width / factor), round(height / factor)
    small = cv2.resize(truth, size, interpolation=cv2.INTER_AREA)
    if softness:
        small = cv2.GaussianBlur(small, (0, 0), softness)
    return np.rint(small * 255).astype(np.uint8)


def bicubic(alpha: NDArray[np.uint8], truth: Floats) -> Floats:
    large = cv2.resize(alpha, truth.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(large / np.float32(255))


def share_of(alpha: NDArray[np.uint16]) -> Floats:
    """From 0 to 1."""
    return np.asarray(alpha / np.float32(65535), np.float32)


def errors(matte: Floats, truth: Floats, alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean absolute and mean gradient error in the band around the edge."""
    block = np.ones((3, 3), np.uint8)
    band = (cv2.dilate(alpha, block) > 0) & (cv2.erode(alpha, block) < 255)
    band = cv2.resize(band.view(np.uint8), truth.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    steps = [np.hypot(*np.gradient(picture)) for picture in (matte, truth)]
    return np.array([np.abs(matte - truth)[band].mean(), np.abs(steps[0] - steps[1])[band].mean()])


@pytest.fixture(scope="module")
def backdrop(photos_dir: Path) -> NDArray[np.uint8]:
    photo = cv2.imread(str(photos_dir / "couple-1855.jpg"))
    return np.asarray(
        cv2.resize(photo[100:1100], (800, 800), interpolation=cv2.INTER_AREA), np.uint8
    )


@pytest.mark.parametrize("tone", [(60, 45, 35), (215, 200, 170)], ids=["dark", "light"])
@pytest.mark.parametrize(
    ("factor", "softness", "at_most"),
    [(4, 0.0, 0.45), (8, 0.0, 0.7), (4, 0.8, 0.75), (6.3, 0.8, 0.85)],
)
def test_hair_over_a_real_photo_comes_out_far_better_than_enlarged(
    backdrop: NDArray[np.uint8],
    tone: tuple[int, int, int],
    factor: float,
    softness: float,
    at_most: float,
) -> None:
    """Absolute and gradient error fall to these shares of a bicubic enlargement's."""
    truth = hair(800, 800, seed=0)
    alpha = shrunk(truth, factor, softness)
    refined = share_of(refine(alpha, photographed(backdrop, truth, tone)))
    share = errors(refined, truth, alpha) / errors(bicubic(alpha, truth), truth, alpha)
    assert (share < at_most).all(), share


@pytest.mark.parametrize("name", ["toddler.jpg", "windswept.jpg", "musician-1867.jpg"])
@pytest.mark.parametrize("softness", [0.0, 0.8])
def test_real_photos_edges_come_back_better_than_enlarged(
    photos_dir: Path, name: str, softness: float
) -> None:
    """The reference is the matte that another network made of the photo at its own size."""
    photo = cv2.imread(str(photos_dir / name))
    matte = cv2.imread(str(photos_dir.parent / "mattes" / name.replace(".jpg", ".png")), 0)
    truth = matte / np.float32(255)
    alpha = shrunk(truth, 4, softness)
    refined = share_of(refine(alpha, photo))
    share = errors(refined, truth, alpha) / errors(bicubic(alpha, truth), truth, alpha)
    assert (share < 0.85).all(), share


def test_where_hair_and_backdrop_are_alike_it_is_the_enlargement() -> None:
    """A photo that knows nothing cannot make the matte worse."""
    truth = hair(400, 400, seed=2)
    alpha = shrunk(truth, 4)
    grain = np.random.default_rng(3).normal(128, 1, (400, 400, 3))
    refined = share_of(refine(alpha, np.rint(grain).astype(np.uint8)))
    difference = np.abs(refined - bicubic(alpha, truth))
    assert difference.mean() < 0.005
    share = errors(refined, truth, alpha) / errors(bicubic(alpha, truth), truth, alpha)
    assert (share < 1.05).all(), share


def test_a_texture_across_the_edge_is_not_copied_into_the_matte() -> None:
    truth = np.zeros((400, 400), np.float32)
    truth[:, 200:] = 1
    stripes = np.where(np.arange(400)[:, None] // 3 % 2, 200, 60) + np.zeros((400, 400))
    stripes[:, 200:] += 30
    alpha = shrunk(truth, 5, 0.8)
    refined = refine(alpha, np.repeat(stripes[..., None], 3, axis=2).astype(np.uint8))
    along_the_edge = np.abs(np.diff(refined.astype(float), axis=0)) / 65535
    assert along_the_edge.max() < 0.15


@pytest.mark.parametrize("strip", [1, 37, 64, 10_000])
def test_no_seams_whatever_the_strips(backdrop: NDArray[np.uint8], strip: int) -> None:
    truth = hair(301, 407, seed=4)
    photo = photographed(backdrop[:301, :407], truth, (60, 45, 35))
    alpha = shrunk(truth, 3.7)
    difference = refine(alpha, photo, strip=strip).astype(int) - refine(alpha, photo)
    assert np.abs(difference).max() <= 1


def test_sure_inside_and_outside_are_exact(backdrop: NDArray[np.uint8]) -> None:
    truth = hair(400, 400, seed=5)
    photo = photographed(backdrop[:400, :400], truth, (60, 45, 35))
    alpha = shrunk(truth, 4)
    refined = refine(alpha, photo)
    for value, exact in ((0, 0), (255, 65535)):
        sure = cv2.erode((alpha == value).astype(np.uint8), np.ones((5, 5), np.uint8))
        sure = cv2.resize(sure, (400, 400), interpolation=cv2.INTER_NEAREST) > 0
        assert sure.any()
        assert (refined[sure] == exact).all()


def test_at_the_photos_own_size_nothing_is_added(backdrop: NDArray[np.uint8]) -> None:
    alpha = np.random.default_rng(6).integers(0, 256, (90, 70), dtype=np.uint8)
    assert (refine(alpha, backdrop[:90, :70]) == alpha * np.uint16(257)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (5, 3)])
@pytest.mark.parametrize("value", [0, 255])
def test_tiny_and_flat_mattes_stay_flat(size: tuple[int, int], value: int) -> None:
    alpha = np.full((1, 1), value, np.uint8)
    photo = np.random.default_rng(7).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert (refine(alpha, photo) == value * 257).all()


def test_neither_argument_is_written_to(backdrop: NDArray[np.uint8]) -> None:
    photo, alpha = backdrop[:64, :64].copy(), shrunk(hair(64, 64, seed=8), 2)
    photo.flags.writeable = alpha.flags.writeable = False
    assert refine(alpha, photo).shape == (64, 64)


def test_a_matte_larger_than_the_photo_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        refine(np.zeros((9, 8), np.uint8), np.zeros((8, 8, 3), np.uint8))
