"""Colours that a file tells of by other means than a profile come out as they were meant."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from daemon.imaging.colour import SRGB, to_srgb8
from daemon.imaging.decode import decode
from daemon.imaging.encode import write_png, write_tiff
from daemon.raster import Raster

TO_XYZ = {
    "srgb": np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722],
                      [0.0193, 0.1192, 0.9505]]),
    "adobe": np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529],
                       [0.02703, 0.07069, 0.99134]]),
    "p3": np.array([[0.48657, 0.26567, 0.19822], [0.22897, 0.69174, 0.07929],
                    [0.0, 0.04511, 1.04394]]),
}  # fmt: skip
"""From linear light to XYZ under D65, as published."""


def truth(pixels: np.ndarray, space: str, gamma: float | None) -> np.ndarray:
    """What sRGB numbers these are, by the formulas and by no colour engine; 0 to 255."""
    light = pixels / 255.0
    light = (
        np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
        if (gamma is None)
        else light**gamma
    )
    xyz = light @ TO_XYZ[space].T
    linear = np.clip(xyz @ np.linalg.inv(TO_XYZ["srgb"]).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055) * 255


def demand_colours(raster: Raster, space: str, gamma: float | None, tmp_path: Path) -> None:
    """The network sees the right colours, and a result carries numbers and profile."""
    expected = truth(raster.pixels, space, gamma)
    assert np.abs(expected - raster.pixels).mean() > 3  # or the test would show nothing
    assert np.abs(to_srgb8(raster) - expected).mean() < 0.8
    assert np.abs(to_srgb8(raster) - expected).max() < 8
    for write in (write_png, write_tiff):
        write(tmp_path / "out", raster.pixels, icc=raster.icc, dpi=None)
        again = decode(tmp_path / "out", max_pixels=10**6)
        assert again.icc == raster.icc
        assert (again.pixels == raster.pixels).all()


def decoded(data: bytes, tmp_path: Path) -> Raster:
    (tmp_path / "photo").write_bytes(data)
    return decode(tmp_path / "photo", max_pixels=10**6)


def camera_s(picture: np.ndarray, save_as: str, space: int | None, index: str | None) -> bytes:
    """With Exif's ColorSpace and interoperability index."""
    exif = Image.Exif()
    photo = exif.get_ifd(0x8769)
    photo[0x9000] = b"0230"
    exif[0x010F] = "a camera's maker"
    if space is not None:
        photo[0xA001] = space
    if index:
        photo[0xA005] = {1: index}
    out = io.BytesIO()
    lossless = {"lossless": True} if save_as == "WEBP" else {"quality": 95}
    Image.fromarray(picture).save(out, save_as, exif=exif, **lossless)
    return out.getvalue()


@pytest.mark.parametrize("save_as", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("space", "index"), [(65535, "R03"), (None, "R03"), (2, None)])
def test_a_camera_s_adobe_rgb_is_kept(
    picture: np.ndarray, save_as: str, space: int | None, index: str | None, tmp_path: Path
) -> None:
    """Taken for sRGB its colours were dull."""
    raster = decoded(camera_s(picture, save_as, space, index), tmp_path)
    assert np.abs(raster.pixels.astype(int) - picture).mean() < 3
    assert raster.warnings == ()
    demand_colours(raster, "adobe", 563 / 256, tmp_path)


@pytest.mark.parametrize(("space", "index"), [(1, "R98"), (1, "R03"), (65535, None), (None, None)])
def test_what_a_camera_does_not_call_adobe_rgb_is_srgb(
    picture: np.ndarray, space: int | None, index: str | None, tmp_path: Path
) -> None:
    assert decoded(camera_s(picture, "JPEG", space, index), tmp_path).icc == SRGB


def png(picture: np.ndarray, *chunks: tuple[bytes, bytes], icc: bytes | None = None) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", icc_profile=icc)
    whole = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    data = out.getvalue()
    return data[:33] + whole + data[33:]


def gamma(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


ADOBE = (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000))


def code_points(*values: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes(values)


@pytest.mark.parametrize(
    ("chunks", "space", "exponent"),
    [
        ([gamma(1 / 2.19921875), ADOBE], "adobe", 563 / 256),
        ([gamma(1.0)], "srgb", 1.0),
        ([gamma(1 / 1.8)], "srgb", 1.8),
        ([code_points(12, 13, 0, 1)], "p3", None),
        ([code_points(1, 8, 0, 1)], "srgb", 1.0),
        ([code_points(12, 13, 0, 1), (b"sRGB", b"\0"), gamma(0.45455)], "p3", None),
    ],
    ids=["gAMA and cHRM", "linear", "gamma 1.8", "cICP P3", "cICP linear", "cICP first"],
)
def test_the_colours_that_a_png_s_chunks_tell_of_are_kept(
    picture: np.ndarray,
    chunks: list[tuple[bytes, bytes]],
    space: str,
    exponent: float | None,
    tmp_path: Path,
) -> None:
    raster = decoded(png(picture, *chunks), tmp_path)
    assert (raster.pixels == picture).all()
    assert raster.warnings == ()
    demand_colours(raster, space, exponent, tmp_path)


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"sRGB", b"\0"), gamma(1.0)],
        [gamma(0.45455)],
        [ADOBE],
        [code_points(1, 13, 0, 1)],
        [gamma(0)],
        [gamma(1.0), (b"cHRM", bytes(32))],
        [gamma(1.0), (b"cHRM", b"short")],
        [(b"gAMA", b"")],
    ],
    ids=["sRGB first", "usual", "cHRM alone", "cICP", "zero", "black", "short", "empty"],
)
def test_what_a_png_calls_srgb_or_says_in_nonsense_is_srgb(
    picture: np.ndarray, chunks: list[tuple[bytes, bytes]], tmp_path: Path
) -> None:
    raster = decoded(png(picture, *chunks), tmp_path)
    assert raster.icc == SRGB
    assert (raster.pixels == picture).all()


def test_an_embedded_profile_goes_before_gamma(
    picture: np.ndarray, wide_gamut: bytes, tmp_path: Path
) -> None:
    assert decoded(png(picture, gamma(1.0), icc=wide_gamut), tmp_path).icc == wide_gamut


def test_code_points_go_before_an_embedded_profile(
    picture: np.ndarray, wide_gamut: bytes, tmp_path: Path
) -> None:
    data = png(picture, code_points(1, 13, 0, 1), icc=wide_gamut)
    assert decoded(data, tmp_path).icc == SRGB


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_said_so(picture: np.ndarray, transfer: int, tmp_path: Path) -> None:
    raster = decoded(png(picture, code_points(9, transfer, 0, 1)), tmp_path)
    assert len(raster.warnings) == 1
    assert "high dynamic range" in raster.warnings[0]


def test_gamma_of_a_grey_picture_is_kept(picture: np.ndarray, tmp_path: Path) -> None:
    raster = decoded(png(picture[:, :, 0].copy(), gamma(1.0)), tmp_path)
    demand_colours(raster, "srgb", 1.0, tmp_path)


def bmp_v5(picture: np.ndarray, kind: bytes, colours: bytes, profile: bytes = b"") -> bytes:
    """By hand: no library here writes one. ``colours`` are end points and gammas."""
    height, width = picture.shape[:2]
    pixels = picture[::-1, :, ::-1].tobytes()
    assert width * 3 % 4 == 0
    info = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    info += bytes(16) + kind + colours.ljust(48, b"\0")
    info += struct.pack("<4I", 4, 124 + len(pixels), len(profile), 0)
    head = struct.pack("<2sIHHI", b"BM", 138 + len(pixels) + len(profile), 0, 0, 138)
    return head + info + pixels + profile


def end_points(gamma_value: float) -> bytes:
    """Adobe RGB's."""
    columns = TO_XYZ["adobe"].T.ravel()
    fixed = [round(float(value) * (1 << 30)) for value in columns]
    return struct.pack("<9I3I", *fixed, *[round(gamma_value * 65536)] * 3)


def test_the_end_points_of_a_bmp_are_kept(picture: np.ndarray, tmp_path: Path) -> None:
    raster = decoded(bmp_v5(picture, b"\0\0\0\0", end_points(563 / 256)), tmp_path)
    assert (raster.pixels == picture).all()
    demand_colours(raster, "adobe", 563 / 256, tmp_path)


def test_the_profile_in_a_bmp_is_kept(
    picture: np.ndarray, wide_gamut: bytes, tmp_path: Path
) -> None:
    raster = decoded(bmp_v5(picture, b"DEBM", b"", wide_gamut), tmp_path)
    assert raster.icc == wide_gamut
    assert (raster.pixels == picture).all()


@pytest.mark.parametrize(
    "data",
    [(b"BGRs", b""), (b"\0\0\0\0", b""), (b"\0\0\0\0", b"\xff" * 48), (b"DEBM", b"")],
    ids=["sRGB", "nothing", "nonsense", "no profile"],
)
def test_other_bmps_are_srgb(
    picture: np.ndarray, data: tuple[bytes, bytes], tmp_path: Path
) -> None:
    raster = decoded(bmp_v5(picture, *data), tmp_path)
    assert raster.icc == SRGB
    assert (raster.pixels == picture).all()
