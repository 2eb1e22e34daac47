"""A scan becomes the prints that lay on it, or goes through whole and flagged, with the reason."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data

from daemon.filed import WHOLE, Part
from daemon.imaging.blocks import block_of
from daemon.imaging.colour import SRGB
from daemon.imaging.exif import Exif, Tags, Value
from daemon.raster import Metadata, Raster
from daemon.work.found import Found
from daemon.work.splitting import UNPARTED, UNSPLIT, split
from matting.judgement.told import OF_SCANS, TOLD


@pytest.fixture(scope="module")
def scan() -> np.ndarray:
    """Two prints on a grey platen, (900, 1200, 3)."""
    noise = np.random.default_rng(1).normal(140, 1.5, (900, 1200, 3))
    pixels = np.clip(np.round(noise), 0, 255).astype(np.uint8)
    photo = cv2.resize(skimage.data.astronaut(), (400, 500))
    pixels[100:600, 80:480] = photo
    pixels[200:700, 640:1040] = photo[:, ::-1]
    return pixels


def raster(pixels: np.ndarray, **facts: object) -> Raster:
    return Raster(pixels, SRGB, (300, 300), **facts)  # type: ignore[arg-type] # as given


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_each_print_is_a_photo_with_what_is_known_of_the_scan(
    scan: np.ndarray, dtype: type
) -> None:
    deep = scan.astype(dtype) * (257 if dtype is np.uint16 else 1)
    kept = Metadata(xmp=b"<x/>")
    found = list(split(Found(Part(page=2), raster(deep, metadata=kept))))
    assert [one.part for one in found] == [Part(page=2, print=1), Part(page=2, print=2)]
    for one, at in zip(found, ((100, 80), (200, 640)), strict=True):
        height, width = one.raster.pixels.shape[:2]
        assert abs(height - 498) <= 2
        assert abs(width - 398) <= 2
        assert one.raster.pixels.dtype == dtype
        assert one.raster.dpi == (300, 300)
        assert one.raster.metadata == kept
        assert one.raster.remade, "what lay between is in no result: never delete the scan"
        assert one.flags == ()
        original = deep[at[0] + 1 : at[0] + 1 + height, at[1] + 1 : at[1] + 1 + width]
        assert (
            np.abs(one.raster.pixels.astype(int) - original).mean() < 12 * np.iinfo(dtype).max / 255
        )


def test_what_may_be_two_prints_is_cut_out_and_flagged(scan: np.ndarray) -> None:
    scan = scan.copy()
    scan[150:790, 640:1040] = 140
    scan[300:500, 560:1120] = (180, 60, 40)
    one, other = split(Found(WHOLE, raster(scan)))
    assert (one.flags, one.raster.warnings) == ((), ())
    assert [flag.reason for flag in other.flags] == [UNPARTED]
    (warning,) = other.raster.warnings
    assert warning == "may be two prints: 2.8 times as long as it is wide"


def test_what_is_not_plainly_a_platen_goes_through_whole_and_flagged() -> None:
    photo = raster(skimage.data.astronaut())
    (whole,) = split(Found(WHOLE, photo))
    assert whole.part == WHOLE
    assert whole.raster.pixels is photo.pixels
    assert [flag.reason for flag in whole.flags] == [UNSPLIT]
    (warning,) = whole.raster.warnings
    assert warning.startswith("not cut into prints: ")


def test_what_a_camera_took_is_not_cut(scan: np.ndarray) -> None:
    exposure = Exif(photo=Tags({33434: Value(5, (1).to_bytes(4, "little") + b"\x3c\0\0\0")}))
    photo = raster(scan, metadata=Metadata(exif=block_of(exposure)))
    (whole,) = split(Found(WHOLE, photo))
    assert whole.raster.warnings == ("not cut into prints: a camera took it, and no flatbed",)


def test_reasons_of_scans_have_words() -> None:
    assert {UNSPLIT, UNPARTED} <= OF_SCANS
    assert set(TOLD) >= OF_SCANS
