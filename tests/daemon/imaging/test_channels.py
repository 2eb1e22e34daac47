"""Grey, alpha and further channels become the RGB that people expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from channel_pictures import as_tiff, saved
from decoded_pictures import decoded, off
from PIL import Image

from daemon.imaging.colour import SRGB


@pytest.fixture
def grey(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(picture).convert("L")


@pytest.fixture
def alpha(picture: np.ndarray) -> np.ndarray:
    """Left to right from clear to opaque."""
    return np.tile(np.linspace(0, 255, picture.shape[1]).astype(np.uint8), (len(picture), 1))


@pytest.fixture
def over_white(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[:, :, None] / 255
    return picture * share + 255 * (1 - share)


@pytest.mark.parametrize("save_as", ["JPEG", "PNG", "TIFF"])
def test_grey_becomes_equal_red_green_and_blue(
    grey: Image.Image, save_as: str, tmp_path: Path
) -> None:
    options = {"quality": 95} if save_as == "JPEG" else {}
    raster = decoded(saved(grey, save_as, **options), tmp_path)
    assert raster.icc == SRGB
    assert raster.warnings == ()
    assert off(raster, np.dstack([np.asarray(grey)] * 3)) < 1.5


def test_sixteen_bit_grey_stays_sixteen_bits(grey: Image.Image, tmp_path: Path) -> None:
    deep = np.asarray(grey).astype(np.uint16) * 256 + 77
    raster = decoded(as_tiff(deep, photometric="minisblack"), tmp_path)
    assert raster.pixels.dtype == np.uint16
    assert (raster.pixels == deep[:, :, None]).all()


def test_white_is_zero_is_turned_round(grey: Image.Image, tmp_path: Path) -> None:
    raster = decoded(as_tiff(255 - np.asarray(grey), photometric="miniswhite"), tmp_path)
    assert off(raster, np.dstack([np.asarray(grey)] * 3)) == 0


@pytest.mark.parametrize(
    ("save_as", "options"), [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"})]
)
def test_one_bit_becomes_black_and_white(
    grey: Image.Image, save_as: str, options: dict[str, Any], tmp_path: Path
) -> None:
    bits = grey.convert("1")
    raster = decoded(saved(bits, save_as, **options), tmp_path)
    assert off(raster, np.dstack([np.asarray(bits) * 255] * 3)) == 0


def test_grey_with_an_rgb_profile_keeps_it(
    grey: Image.Image, wide_gamut: bytes, tmp_path: Path
) -> None:
    raster = decoded(saved(grey, "JPEG", icc_profile=wide_gamut), tmp_path)
    assert raster.icc == wide_gamut
    assert raster.warnings == ()


@pytest.mark.parametrize("save_as", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_put_over_white(
    picture: np.ndarray,
    alpha: np.ndarray,
    over_white: np.ndarray,
    save_as: str,
    tmp_path: Path,
) -> None:
    lossless = {"lossless": True, "exact": True} if save_as == "WEBP" else {}
    image = Image.fromarray(np.dstack((picture, alpha)))
    raster = decoded(saved(image, save_as, **lossless), tmp_path)
    assert off(raster, over_white) < 0.6


def test_grey_with_alpha_is_put_over_white(
    grey: Image.Image, alpha: np.ndarray, tmp_path: Path
) -> None:
    grey.putalpha(Image.fromarray(alpha))
    share = alpha / 255
    paper = np.asarray(grey)[:, :, 0] * share + 255 * (1 - share)
    assert off(decoded(saved(grey, "PNG"), tmp_path), np.dstack([paper] * 3)) < 0.6


def test_sixteen_bit_alpha_is_put_over_white(
    picture: np.ndarray, alpha: np.ndarray, over_white: np.ndarray, tmp_path: Path
) -> None:
    deep = np.dstack((picture, alpha)).astype(np.uint16) * 257
    raster = decoded(as_tiff(deep, photometric="rgb", extrasamples=["unassalpha"]), tmp_path)
    assert raster.pixels.dtype == np.uint16
    assert off(raster, over_white) < 0.01


def test_premultiplied_alpha_of_a_tiff_is_put_over_white(
    picture: np.ndarray, alpha: np.ndarray, over_white: np.ndarray, tmp_path: Path
) -> None:
    share = alpha[:, :, None] / 255
    pixels = np.dstack((np.rint(picture * share).astype(np.uint8), alpha))
    raster = decoded(as_tiff(pixels, photometric="rgb", extrasamples=["assocalpha"]), tmp_path)
    assert off(raster, over_white) < 1


def test_a_scanner_s_infrared_channel_is_left_out(
    picture: np.ndarray, alpha: np.ndarray, tmp_path: Path
) -> None:
    """Taken for alpha it would wash out half the photo."""
    pixels = np.dstack((picture, alpha))
    data = as_tiff(pixels, photometric="rgb", extrasamples=["unspecified"])
    raster = decoded(data, tmp_path)
    assert (raster.pixels == picture).all()
    assert raster.warnings == ("1 further channel(s), infrared or a selection, left out",)
