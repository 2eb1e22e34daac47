"""A person takes on the light of another place and stands where it is said; no more changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from compositions import composed
from PIL import Image

from daemon.imaging.colour import SRGB
from daemon.outputs import harmony
from daemon.outputs.framing import box_of
from daemon.outputs.placing import placed
from daemon.raster import Cutout, Matte, Raster

DTYPES = pytest.mark.parametrize("dtype", [np.uint8, np.uint16])


def sunset(folder: Path) -> str:
    rows = np.linspace(0, 1, 200)[:, None, None]
    sky = (1 - rows) * np.array([250, 170, 90]) + rows * np.array([120, 60, 60])
    Image.fromarray(np.broadcast_to(sky, (200, 160, 3)).astype(np.uint8)).save(folder / "sun.png")
    return str(folder / "sun.png")


@DTYPES
def test_the_person_s_light_and_colours_go_towards_the_background_s(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    cutout, background = cutout_of(dtype, SRGB), sunset(tmp_path)
    inside, outside = cutout.matte.alpha == 65535, cutout.matte.alpha == 0
    plain = composed(cutout, tmp_path, background=background)
    before = None
    for match in (0.3, 0.8):
        back = composed(
            cutout, tmp_path, background=background, blend="seamless", match=match, seam=0
        )
        assert back.dtype == dtype
        assert (back[outside] == plain[outside]).all(), "the background itself is as it was"
        scenery = lab(plain)[outside].mean(axis=0)
        distance = float(np.linalg.norm(lab(back)[inside].mean(axis=0) - scenery))
        before = before or float(np.linalg.norm(lab(plain)[inside].mean(axis=0) - scenery))
        assert distance == pytest.approx((1 - match) * before, abs=0.12 * before)


def lab(pixels: np.ndarray) -> np.ndarray:
    scaled = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    return cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)


@DTYPES
def test_nothing_of_either_method_is_the_plain_composition(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    given = {"background": sunset(tmp_path)}
    plain = composed(cutout_of(dtype, SRGB), tmp_path, **given)
    back = composed(cutout_of(dtype, SRGB), tmp_path, blend="seamless", match=0, seam=0, **given)
    assert (back == plain).all()


def room(wall: tuple[int, int, int], dtype: type) -> Cutout:
    """Somebody grey, with some shape, before a wall of one colour."""
    full = np.iinfo(dtype).max
    alpha = np.zeros((300, 240), np.uint16)
    cv2.ellipse(alpha, (120, 170), (60, 100), 0, 0, 360, 65535, -1)
    pixels: Any = np.full((300, 240, 3), wall, np.float64) * (full / 255)
    shape = np.linspace(0.3, 0.7, 300)[:, None, None] * np.ones((300, 240, 3)) * full
    pixels[alpha > 0] = shape[alpha > 0]
    pixels = pixels.astype(dtype)
    return Cutout(Raster(pixels, SRGB, None), Matte(alpha, "t", "cpu", 1), pixels)


@DTYPES
def test_before_the_wall_that_was_there_already_the_seam_changes_nothing(dtype: type) -> None:
    cutout = room((90, 100, 110), dtype)
    full = np.iinfo(dtype).max
    wall: Any = np.empty_like(cutout.raster.pixels)
    wall[:] = np.array([90, 100, 110]) * (full // 255)
    back = harmony.matched(cutout, cutout.foreground, wall, match=0, seam=1)
    inside = cutout.matte.alpha > 0
    assert np.abs(back[inside] / full - cutout.raster.pixels[inside] / full).max() < 3 / 255


@DTYPES
def test_the_seam_is_what_opencv_clones(dtype: type) -> None:
    """Another wall, everywhere lighter by as much, makes the person lighter by about as much."""
    cutout = room((90, 100, 110), dtype)
    full = np.iinfo(dtype).max
    wall: Any = np.empty_like(cutout.raster.pixels)
    wall[:] = np.array([130, 100, 100]) * (full // 255)
    back = harmony.matched(cutout, cutout.foreground, wall, match=0, seam=1)
    inside = cutout.matte.alpha > 0
    change = (back[inside].astype(float) - cutout.raster.pixels[inside]) / full * 255
    assert change.mean(axis=0) == pytest.approx([40, 0, -10], abs=3)
    assert change.std(axis=0).max() < 4
    mask = cv2.dilate((cutout.matte.alpha > 0).astype(np.uint8) * 255, np.ones((11, 11)))
    left, top, width, height = cv2.boundingRect(mask)  # before OpenCV writes into it
    middle = (left + width // 2, top + height // 2)
    eight = [np.rint(part / full * 255).astype(np.uint8) for part in (cutout.raster.pixels, wall)]
    cloned: Any = cv2.seamlessClone(eight[0], eight[1], mask, middle, cv2.NORMAL_CLONE)
    assert np.abs(back[inside] / full * 255 - cloned[inside]).mean() < 4


def test_where_nobody_is_nothing_is_matched(cutout_of: Callable[..., Cutout]) -> None:
    whole = cutout_of()
    nobody = replace(whole, matte=replace(whole.matte, alpha=whole.matte.alpha * 0))
    wall = np.zeros_like(whole.raster.pixels)
    back = harmony.matched(nobody, whole.foreground, wall, match=1, seam=1)
    assert back is whole.foreground


@pytest.mark.parametrize("size", [(1, 1), (3001, 4)])
def test_odd_sizes_come_through(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    pixels = np.full((height, width, 3), 120, np.uint8)
    alpha = np.full((height, width), 40_000, np.uint16)
    cutout = Cutout(Raster(pixels, SRGB, None), Matte(alpha, "t", "cpu", 1), pixels)
    given = {"blend": "seamless", "background": "navy", "place": [0.2, 0.9], "scale": 0.7}
    assert composed(cutout, tmp_path, **given).shape == (height, width, 3)


@pytest.mark.parametrize(("place", "scale"), [((0.3, 0.6), 0.5), ((0.5, 0.5), 1.0), (None, 1.3)])
def test_the_person_stands_where_it_is_said_and_is_as_large(
    cutout_of: Callable[..., Cutout], place: Any, scale: float
) -> None:
    whole = cutout_of()
    moved = placed(whole, place, scale)
    assert moved.raster.size == whole.raster.size
    old_rows, old_columns = box_of(whole.matte.alpha)
    rows, columns = box_of(moved.matte.alpha)
    wanted = (75, 90) if place is None else (place[0] * 160, place[1] * 200)
    if rows.start > 0 and rows.stop < 200 and columns.start > 0 and columns.stop < 160:
        assert (columns.start + columns.stop) / 2 == pytest.approx(wanted[0], abs=2)
        assert (rows.start + rows.stop) / 2 == pytest.approx(wanted[1], abs=2)
        tall = old_rows.stop - old_rows.start
        assert rows.stop - rows.start == pytest.approx(scale * tall, abs=3)
    assert columns.stop - columns.start <= scale * (old_columns.stop - old_columns.start) + 3


def test_somebody_put_beyond_the_edge_is_cut_off_there(cutout_of: Callable[..., Cutout]) -> None:
    moved = placed(cutout_of(), (-1.0, 2.0), 1.0)
    assert not moved.matte.alpha.any()
