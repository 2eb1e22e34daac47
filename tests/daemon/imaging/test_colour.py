"""Colours are converted as another colour engine's user would see them."""

from __future__ import annotations

import numpy as np
import pytest
from decoded_pictures import by_littlecms
from PIL import Image, ImageCms

from daemon.imaging import colour
from daemon.imaging.colour import SRGB, convert, from_srgb, is_srgb, is_usable, to_8_bit, to_srgb8
from daemon.raster import Raster


def littlecms(pixels: np.ndarray, source: bytes, target: bytes) -> np.ndarray:
    return by_littlecms(Image.fromarray(pixels), source, target).astype(int)


def pillow_srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def colours() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (80, 60, 3), dtype=np.uint8)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_wide_gamut_is_seen_in_srgb(colours: np.ndarray, wide_gamut: bytes, bits: int) -> None:
    pixels = colours if bits == 8 else colours.astype(np.uint16) * 257
    seen = to_srgb8(Raster(pixels, wide_gamut, None))
    assert seen.dtype == np.uint8
    reference = littlecms(colours, wide_gamut, SRGB)
    assert np.abs(reference - colours).max() > 10  # or the test would show nothing
    assert np.abs(seen - reference).max() <= 2


def test_srgb_is_seen_as_it_is_whoever_made_its_profile(colours: np.ndarray) -> None:
    assert is_srgb(SRGB)
    assert is_srgb(pillow_srgb())
    assert pillow_srgb() != SRGB
    assert to_srgb8(Raster(colours, pillow_srgb(), None)) is colours


def test_a_wide_gamut_is_not_taken_for_srgb(wide_gamut: bytes) -> None:
    assert not is_srgb(wide_gamut)
    assert is_usable(wide_gamut)


def test_sixteen_bits_are_rounded_to_eight() -> None:
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert (to_8_bit(every) == np.rint(every / 257)).all()


@pytest.mark.parametrize("named", [(255, 255, 255), (0, 0, 0), (255, 0, 0), (32, 40, 48)])
def test_an_srgb_colour_is_found_in_another_space(
    named: tuple[int, int, int], wide_gamut: bytes
) -> None:
    reference = littlecms(np.array([[named]], np.uint8), SRGB, wide_gamut)[0, 0]
    assert np.abs(np.array(from_srgb(named, wide_gamut, np.uint8)) - reference).max() <= 1
    deep = np.array(from_srgb(named, wide_gamut, np.uint16))
    assert np.abs(deep / 257 - reference).max() <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_and_black_stay_white_and_black(wide_gamut: bytes, dtype: type) -> None:
    full = np.iinfo(dtype).max
    for icc in (SRGB, wide_gamut, pillow_srgb()):
        assert from_srgb((255, 255, 255), icc, dtype) == (full, full, full)
        assert from_srgb((0, 0, 0), icc, dtype) == (0, 0, 0)


def test_there_and_back_again_changes_little(wide_gamut: bytes, colours: np.ndarray) -> None:
    there = convert(colours, SRGB, wide_gamut, np.uint16)
    back = convert(there, wide_gamut, SRGB, np.uint8)
    assert np.abs(back.astype(int) - colours).mean() < 1


def test_profiles_of_other_kinds_are_not_usable() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert not is_usable(lab)
    assert not is_usable(b"")
    assert not colour.claims(lab, b"RGB ")
