"""Pictures for the imaging tests, and files of them made by other programs than ours."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import camera_files
import cv2
import numpy as np
import pytest
import pyvips
import skimage.data
import tifffile
from codec_pictures import made_of
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]


def _pil(save_as: str, **options: Any) -> Callable[[Picture], bytes]:
    def make(picture: Picture) -> bytes:
        out = io.BytesIO()
        Image.fromarray(picture).save(out, save_as, **options)
        return out.getvalue()

    return make


def _palette(save_as: str) -> Callable[[Picture], bytes]:
    def make(picture: Picture) -> bytes:
        out = io.BytesIO()
        Image.fromarray(picture).quantize(200).save(out, save_as)
        return out.getvalue()

    return make


def _tifffile(**options: Any) -> Callable[[Picture], bytes]:
    def make(picture: Picture) -> bytes:
        out = io.BytesIO()
        tifffile.imwrite(out, picture, photometric="rgb", **options)
        return out.getvalue()

    return make


def _tiff_16(picture: Picture) -> bytes:
    out = io.BytesIO()
    deep = picture.astype(np.uint16) * 257
    tifffile.imwrite(out, deep, photometric="rgb", compression="zlib", predictor=True)
    return out.getvalue()


def _png_16(picture: Picture) -> bytes:
    return cv2.imencode(".png", picture[:, :, ::-1].astype(np.uint16) * 257)[1].tobytes()


def _bmp_32(picture: Picture) -> bytes:
    """By hand: no library here writes one with an empty fourth channel, as Windows does."""
    height, width = picture.shape[:2]
    rows = np.zeros((height, width, 4), np.uint8)
    rows[:, :, :3] = picture[::-1, :, ::-1]
    size = rows.nbytes
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 32, 0, size, 11811, 11811, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + size, 0, 0, 54) + info + rows.tobytes()


MAKERS: dict[str, Callable[[Picture], bytes]] = {
    "jpeg": _pil("JPEG", quality=95, subsampling=0, dpi=(300, 300)),
    "jpeg-progressive": _pil("JPEG", quality=95, subsampling=0, progressive=True),
    "png": _pil("PNG", dpi=(300, 300)),
    "png-16": _png_16,
    "png-palette": _palette("PNG"),
    "tiff": _pil("TIFF"),
    "tiff-lzw": _pil("TIFF", compression="tiff_lzw", dpi=(300, 300)),
    "tiff-deflate": _pil("TIFF", compression="tiff_adobe_deflate"),
    "tiff-jpeg": _pil("TIFF", compression="jpeg", quality=95),
    "tiff-16": _tiff_16,
    "tiff-tiled": _tifffile(tile=(64, 64), compression="zlib"),
    "tiff-planar": lambda picture: _tifffile(planarconfig="separate")(
        np.ascontiguousarray(picture.transpose(2, 0, 1))
    ),
    "tiff-big-endian": _tifffile(byteorder=">", rowsperstrip=16),
    "tiff-bigtiff": _tifffile(bigtiff=True, rowsperstrip=16),
    "bmp": _pil("BMP", dpi=(300, 300)),
    "bmp-32": _bmp_32,
    "bmp-palette": _palette("BMP"),
    "webp": _pil("WEBP", quality=95),
    "webp-lossless": _pil("WEBP", lossless=True),
    "heic": camera_files.heic,
    "heic-16": lambda picture: camera_files.heic(picture.astype(np.uint16) * 257),
    "avif": _pil("AVIF", quality=95, subsampling="4:4:4"),
    "dng-16": camera_files.dng,
    "dng-linear-16": camera_files.linear_dng,
    "psd": camera_files.psd,
    "jp2": _pil("JPEG2000"),
    "jp2-lossy": _pil("JPEG2000", quality_mode="dB", quality_layers=[45]),
    "j2k": _pil("JPEG2000", no_jp2=True),
}
"""Name -> what makes a whole file of it."""

LOSSY = {"jpeg", "jpeg-progressive", "tiff-jpeg", "webp", "png-palette", "bmp-palette"}
LOSSY |= {"heic", "heic-16", "avif", "jp2-lossy"}
DEVELOPED = {"dng-16", "dng-linear-16"}


@pytest.fixture(scope="session")
def picture() -> Picture:
    """A portrait, (200, 160, 3) uint8 RGB; neither side is a multiple of the usual blocks' 64."""
    astronaut = skimage.data.astronaut()[:400, 60:380]
    return cv2.resize(astronaut, (160, 200), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="session", params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of file we take."""
    return str(request.param)


@pytest.fixture(scope="session")
def made(kind: str, picture: Picture) -> bytes:
    """A whole file of that kind."""
    return MAKERS[kind](picture)


@pytest.fixture(scope="session")
def tolerance(kind: str) -> float:
    """How far, on average, the kind's own losses may take a pixel from the picture, 0 to 255."""
    if kind in DEVELOPED:  # two thirds of its values are guessed
        return 4.5 if kind == "dng-16" else 0.1
    return 4.0 if kind in LOSSY else 0.0


@pytest.fixture(scope="session")
def jpeg_with_thumbnail(picture: Picture) -> bytes:
    """A camera's JPEG: its EXIF holds a second, small JPEG."""
    small = MAKERS["jpeg"](picture[::4, ::4].copy())
    whole = MAKERS["jpeg"](picture)
    body = b"Exif\0\0" + small
    return whole[:2] + struct.pack(">HH", 0xFFE1, 2 + len(body)) + body + whole[2:]


@pytest.fixture(scope="session")
def wide_gamut() -> bytes:
    """Display P3, as libvips brings it along."""
    profile: bytes = pyvips.Operation.call("profile_load", "p3")
    return profile


@pytest.fixture(scope="session")
def grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


@pytest.fixture(scope="session")
def files(picture: np.ndarray) -> dict[str, bytes]:
    return made_of(picture)
