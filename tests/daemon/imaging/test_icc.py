"""Profiles that lcms takes and encoders refuse cost no photo; our own say what they should."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from daemon.errors import NotWritten, Refused
from daemon.imaging import icc
from daemon.imaging.colour import SRGB, convert, is_srgb, is_usable
from daemon.imaging.decode import decode
from daemon.imaging.encode import is_written, write_png, write_tiff
from daemon.raster import Raster


def decoded(data: bytes, tmp_path: Path) -> Raster:
    (tmp_path / "photo").write_bytes(data)
    return decode(tmp_path / "photo", max_pixels=10**6)


def tiff_with(icc_bytes: bytes, picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, picture, photometric="rgb", iccprofile=icc_bytes)
    return out.getvalue()


def demand_written(raster: Raster, tmp_path: Path) -> None:
    for write in (write_png, write_tiff):
        write(tmp_path / "out", raster.pixels, icc=raster.icc, dpi=None)
        with Image.open(tmp_path / "out") as image:
            assert image.info["icc_profile"] == raster.icc
        assert decode(tmp_path / "out", max_pixels=10**6).icc == raster.icc


@pytest.fixture
def profile() -> bytes:
    return icc.made("wide", icc.ADOBE_RGB, icc.ADOBE_RGB_CURVE)


def of_odd_length(profile: bytes) -> bytes:
    return struct.pack(">I", len(profile) + 1) + profile[4:] + b"\0"


@pytest.mark.parametrize("fault", ["padded", "padded by one", "odd length", "odd and padded"])
def test_a_profile_with_more_behind_it_is_trimmed(
    picture: np.ndarray, profile: bytes, fault: str, tmp_path: Path
) -> None:
    """Encoders refuse it after the matting, and three times as well."""
    faulty = {
        "padded": profile + bytes(16),
        "padded by one": profile + b"\0",
        "odd length": of_odd_length(profile),
        "odd and padded": of_odd_length(profile) + b"more",
    }[fault]
    raster = decoded(tiff_with(faulty, picture), tmp_path)
    assert (raster.pixels == picture).all()
    assert raster.warnings == ()
    assert raster.icc[132:] == profile[132:] + raster.icc[len(profile) :]
    demand_written(raster, tmp_path)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize(
    ("offset", "value"),
    [(64, b"\xff\xff\xff\xff"), (12, b"link"), (12, b"abst"), (12, b"nmcl"), (20, b"Luv ")],
    ids=["intent", "link", "abstract", "named colours", "connection space"],
)
def test_a_profile_that_leads_nowhere_costs_no_photo(
    picture: np.ndarray, profile: bytes, mode: str, offset: int, value: bytes, tmp_path: Path
) -> None:
    """No conversion can be made of it, and the photo was taken for damaged."""
    space = {"RGB": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}[mode]
    faulty = profile[:16] + space + profile[20:]
    faulty = faulty[:offset] + value + faulty[offset + len(value) :]
    out = io.BytesIO()
    Image.fromarray(picture).convert(mode).save(out, "TIFF", icc_profile=faulty)
    raster = decoded(out.getvalue(), tmp_path)
    assert raster.pixels.shape == picture.shape
    if mode == "RGB" and value != b"\xff\xff\xff\xff":
        assert raster.icc == SRGB
        assert raster.warnings == ("colour profile broken or not RGB; taken for sRGB",)
    demand_written(raster, tmp_path)


def with_a_tag_outside(profile: bytes) -> bytes:
    """Its copyright notice lies behind its end."""
    at = profile.index(b"cprt") + 4
    return profile[:at] + struct.pack(">I", len(profile) + 1000) + profile[at + 4 :]


def test_what_does_not_come_through_is_converted_to_the_photo_s_colours(
    picture: np.ndarray, profile: bytes, tmp_path: Path
) -> None:
    """A PNG with that profile is written, and then read as if it had none."""
    faulty = with_a_tag_outside(profile)
    assert is_usable(faulty)
    raster = decoded(tiff_with(faulty, picture), tmp_path)
    assert raster.icc == SRGB
    assert raster.warnings == (
        "colour profile of a kind that cannot be written; converted to sRGB",
    )
    reference = convert(picture, profile, SRGB, np.uint8)
    assert np.abs(reference.astype(int) - picture).max() > 10  # or the test would show nothing
    assert np.abs(raster.pixels.astype(int) - reference).max() <= 1


def test_whether_a_profile_is_written_is_found_by_writing_it(profile: bytes) -> None:
    assert is_written(profile)
    assert not is_written(profile + b"more")
    assert not is_written(with_a_tag_outside(profile))


def test_what_an_encoder_refuses_is_refused_at_once(
    picture: np.ndarray, profile: bytes, tmp_path: Path
) -> None:
    """To matte it twice more would change nothing."""
    with pytest.raises(NotWritten, match="cannot be written as PNG"):
        write_png(tmp_path / "out", picture, icc=profile + b"more", dpi=None)
    assert issubclass(NotWritten, Refused)


def test_a_profile_of_our_own_passes_other_programs(profile: bytes) -> None:
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    assert ImageCms.getProfileDescription(opened).strip() == "wide"
    assert int.from_bytes(profile[:4], "big") == len(profile)
    assert is_usable(profile)
    assert is_written(profile)
    assert not is_srgb(profile)


def test_srgb_made_by_hand_is_srgb() -> None:
    assert is_srgb(icc.made("s", icc.BT709, icc.SRGB_CURVE))


@pytest.mark.parametrize(
    "chromaticities",
    [
        (0.0,) * 8,
        (0.3127, 0.329, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3),
        (0.3127, 0.329, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3),
    ],
)
def test_impossible_primaries_are_nonsense(chromaticities: icc.Chromaticities) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        icc.made("none", chromaticities, (2.2,))
