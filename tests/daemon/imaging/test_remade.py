"""CMYK, Lab and what a profile describes become the RGB that people expect, or are refused."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
import skimage.color
import tifffile
from channel_pictures import as_tiff, saved
from decoded_pictures import by_littlecms, decoded, off
from PIL import Image

from daemon.errors import NotAPhoto
from daemon.imaging.colour import SRGB
from daemon.imaging.decode import decode


def test_cmyk_is_converted_through_its_own_profile(picture: np.ndarray, tmp_path: Path) -> None:
    press = pyvips.Operation.call("profile_load", "cmyk")
    cmyk = Image.fromarray(picture).convert("CMYK")
    reference = by_littlecms(cmyk, press, SRGB)
    raster = decoded(saved(cmyk, "TIFF", icc_profile=press), tmp_path)
    assert raster.icc == SRGB
    assert raster.warnings == ()
    assert off(raster, reference) < 2


@pytest.mark.parametrize("save_as", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_converted_and_said_so(
    picture: np.ndarray, save_as: str, tmp_path: Path
) -> None:
    cmyk = Image.fromarray(picture).convert("CMYK")
    raster = decoded(saved(cmyk, save_as), tmp_path)
    assert raster.pixels.shape == picture.shape
    assert raster.icc == SRGB
    assert raster.warnings == ("no working CMYK profile; a general one was assumed",)
    assert off(raster, picture) < 60  # the same picture and no negative of it


def test_lab_is_converted_to_srgb(picture: np.ndarray, tmp_path: Path) -> None:
    lab = skimage.color.rgb2lab(picture, illuminant="D65") * (65535 / 100, 256, 256)
    data = as_tiff(np.rint(lab).astype(np.int32).astype(np.uint16), photometric="cielab")
    raster = decoded(data, tmp_path)
    assert raster.icc == SRGB
    assert raster.pixels.dtype == np.uint16
    assert off(raster, picture) < 3


def test_lab_of_8_bits_is_refused(picture: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(NotAPhoto, match="Lab with 8 bits is not taken"):
        decoded(as_tiff(picture, photometric="cielab"), tmp_path)


@pytest.mark.parametrize("dtype", [np.float32, np.uint32, np.int16])
def test_other_samples_than_8_or_16_bits_are_refused(
    picture: np.ndarray, dtype: Any, tmp_path: Path
) -> None:
    with pytest.raises(NotAPhoto, match="save it with 8 or 16 bits"):
        decoded(as_tiff(picture.astype(dtype), photometric="rgb"), tmp_path)


def test_camera_raw_is_refused_and_not_taken_for_its_thumbnail(
    picture: np.ndarray, tmp_path: Path
) -> None:
    """The sensor's own mosaic lies below the thumbnail, as in Nikon's and Sony's files."""
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(picture[::4, ::4].copy(), photometric="rgb", subfiletype=1, subifds=2)
        writer.write(picture[::2, ::2].copy(), photometric="rgb", subfiletype=1)
        writer.write(picture[:, :, 0].copy(), photometric="cfa")
    with pytest.raises(NotAPhoto, match="camera raw"):
        decoded(out.getvalue(), tmp_path)


def test_camera_raw_is_refused_though_its_preview_calls_itself_whole(
    picture: np.ndarray, tmp_path: Path
) -> None:
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(picture[::4, ::4].copy(), photometric="rgb", subifds=1)
        writer.write(picture[:, :, 0].copy(), photometric="cfa")
    with pytest.raises(NotAPhoto, match="camera raw"):
        decoded(out.getvalue(), tmp_path)


def test_canon_s_raw_is_refused_by_its_mark(tmp_path: Path) -> None:
    with pytest.raises(NotAPhoto, match="camera raw"):
        decoded(b"II*\0\x10\0\0\0CR\x02\0" + bytes(200), tmp_path)


@pytest.mark.parametrize("save_as", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_an_rgb_profile_and_the_numbers_it_describes_stay_as_they_are(
    picture: np.ndarray, wide_gamut: bytes, save_as: str, tmp_path: Path
) -> None:
    image = Image.fromarray(picture)
    raster = decoded(saved(image, save_as, icc_profile=wide_gamut), tmp_path)
    assert raster.icc == wide_gamut
    assert raster.warnings == ()
    assert off(raster, picture) < 5


@pytest.mark.parametrize("fault", ["cut", "garbage", "header alone", "cmyk's"])
def test_a_profile_that_does_not_fit_is_replaced_by_srgb_and_said_so(
    picture: np.ndarray, wide_gamut: bytes, fault: str, tmp_path: Path
) -> None:
    icc = {
        "cut": wide_gamut[:-60],
        "garbage": b"colourful" * 50,
        "header alone": wide_gamut[:132],
        "cmyk's": pyvips.Operation.call("profile_load", "cmyk"),
    }[fault]
    raster = decoded(saved(Image.fromarray(picture), "TIFF", icc_profile=icc), tmp_path)
    assert raster.icc == SRGB
    assert raster.warnings == ("colour profile broken or not RGB; taken for sRGB",)
    assert off(raster, picture) == 0


def scanner_profile() -> bytes:
    """A scanner's profile as targets are measured for: a table to Lab, and none back.

    Its eight corners are sRGB's in Lab, but at three quarters of the saturation.
    """
    corners = np.array(list(np.ndindex(2, 2, 2)), float)[None]
    lab = skimage.color.rgb2lab(corners)[0] * (255 / 100, 0.75, 0.75) + (0, 128, 128)
    table = np.rint(lab).clip(0, 255).astype(np.uint8).tobytes()
    straight = bytes(range(256)) * 3
    identity = struct.pack(">9i", *(np.eye(3, dtype=int) * 65536).ravel())
    lut = b"mft1\0\0\0\0" + bytes([3, 3, 2, 0]) + identity + straight + table + straight
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    at = 128 + 4 + 2 * 12
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", at, 20, b"A2B0", at + 20, len(lut))
    size = at + 20 + len(lut)
    header = struct.pack(
        ">I4sI4s4s4s12x4s", size, b"", 0x02400000, b"scnr", b"RGB ", b"Lab ", b"acsp"
    )
    illuminant = struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(68, b"\0") + illuminant + bytes(48) + tags + white + lut


@pytest.mark.parametrize("deep", [False, True])
def test_a_scanner_s_one_way_profile_is_applied_and_said_so(
    picture: np.ndarray, tmp_path: Path, *, deep: bool
) -> None:
    """Nothing could be composed in its space; the reference is Pillow's conversion."""
    icc = scanner_profile()
    pixels = picture.astype(np.uint16) * 257 if deep else picture
    raster = decoded(as_tiff(pixels, photometric="rgb", iccprofile=icc), tmp_path)
    assert raster.icc == SRGB
    assert raster.warnings == ("one-way colour profile; converted to sRGB",)
    assert raster.pixels.dtype == pixels.dtype
    reference = by_littlecms(Image.fromarray(picture), icc, SRGB)
    assert off(raster, picture) > 5  # or the test would show nothing
    assert off(raster, reference) < 2


@pytest.mark.parametrize(
    ("mode", "remade"), [("RGB", False), ("L", False), ("CMYK", True), ("RGBA", True)]
)
def test_a_photo_whose_pixels_had_to_be_remade_says_so(
    tmp_path: Path, mode: str, *, remade: bool
) -> None:
    """What is filed cannot stand in for such an original, so it must not be deleted."""
    path = tmp_path / "a.tif"
    Image.new(mode, (8, 6), 100 if mode == "L" else (100,) * len(mode)).save(path)
    assert decode(path, max_pixels=100).remade is remade
