"""Photos come out of their files as they are."""

from __future__ import annotations

import errno
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from daemon.errors import NotReady, PhotoError, SourceTrouble, TooManyPixels
from daemon.imaging.decode import decode
from daemon.raster import Raster

UPRIGHT_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")


def decoded(data: bytes, tmp_path: Path, *, max_pixels: int = 10**6) -> Raster:
    path = tmp_path / "photo"
    path.write_bytes(data)
    return decode(path, max_pixels=max_pixels)


def saved(picture: np.ndarray, save_as: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, save_as, **options)
    return out.getvalue()


def exif(**tags: Any) -> Image.Exif:
    numbers = {"orientation": 0x0112, "x": 0x011A, "y": 0x011B, "unit": 0x0128}
    made = Image.Exif()
    for name, value in tags.items():
        made[numbers[name]] = value
    return made


def test_every_kind_of_file_gives_its_picture(
    made: bytes, kind: str, tolerance: float, picture: np.ndarray, tmp_path: Path
) -> None:
    raster = decoded(made, tmp_path)
    assert raster.pixels.dtype == (np.uint16 if "16" in kind else np.uint8)
    assert raster.warnings == ()
    full = 65535 if "16" in kind else 255
    off = np.abs(raster.pixels / full - picture / 255) * 255
    assert off.mean() <= tolerance


def test_real_photos_come_out_as_pillow_reads_them(photos_dir: Path) -> None:
    for path in sorted((*photos_dir.glob("*.jpg"), *photos_dir.glob("*.png"))):
        raster = decode(path, max_pixels=10**8)
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        paper.alpha_composite(upright)
        reference = np.asarray(paper.convert("RGB"))
        assert raster.pixels.shape == reference.shape, path.name
        step = slice(None, None, 5)
        off = np.abs(raster.pixels[step, step].astype(int) - reference[step, step])
        assert off.mean() < 1.0, path.name


@pytest.mark.parametrize("save_as", UPRIGHT_FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_come_out_upright(
    picture: np.ndarray,
    save_as: str,
    orientation: int,
    tmp_path: Path,
) -> None:
    data = saved(picture, save_as, exif=exif(orientation=orientation))
    with Image.open(io.BytesIO(data)) as image:
        reference = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    raster = decoded(data, tmp_path)
    assert raster.pixels.shape == reference.shape
    assert raster.pixels.flags.c_contiguous
    assert np.abs(raster.pixels.astype(int) - reference).mean() < 2


@pytest.mark.parametrize(
    ("save_as", "options", "dpi"),
    [
        ("JPEG", {}, None),
        ("JPEG", {"dpi": (300, 200)}, (300, 200)),
        ("JPEG", {"exif": exif(orientation=1)}, None),
        ("JPEG", {"exif": exif(x=600.0, y=400.0, unit=2)}, (600, 400)),
        ("JPEG", {"exif": exif(x=100.0, y=50.0, unit=3)}, (254, 127)),
        ("JPEG", {"exif": exif(orientation=6, x=600.0, y=400.0, unit=2)}, (400, 600)),
        ("PNG", {}, None),
        ("PNG", {"dpi": (300, 150)}, (300, 150)),
        ("PNG", {"dpi": (72, 72)}, (72, 72)),
        ("TIFF", {}, None),
        ("TIFF", {"dpi": (1200, 600)}, (1200, 600)),
        ("TIFF", {"x_resolution": 100, "y_resolution": 50, "resolution_unit": 3}, (254, 127)),
        ("TIFF", {"x_resolution": 4, "y_resolution": 3, "resolution_unit": 1}, None),
        ("WEBP", {}, None),
        ("WEBP", {"exif": exif(x=600.0, y=400.0, unit=2)}, (600, 400)),
        ("WEBP", {"exif": exif(x=100.0, y=50.0, unit=3)}, (254, 127)),
        ("BMP", {"dpi": (300, 200)}, (300, 200)),
        ("BMP", {"dpi": (0, 0)}, None),
    ],
)
def test_the_resolution_is_what_the_file_says(
    picture: np.ndarray,
    save_as: str,
    options: dict[str, Any],
    dpi: tuple[float, float] | None,
    tmp_path: Path,
) -> None:
    raster = decoded(saved(picture, save_as, **options), tmp_path)
    if dpi is None:
        assert raster.dpi is None
    else:
        assert raster.dpi == pytest.approx(dpi, abs=0.05)


@pytest.mark.parametrize(("save_as", "what"), [("TIFF", "page"), ("WEBP", "frame")])
def test_the_first_of_several_is_read_and_said_so(
    picture: np.ndarray,
    save_as: str,
    what: str,
    tmp_path: Path,
) -> None:
    others = [Image.fromarray(picture // 2), Image.fromarray(picture // 3)]
    raster = decoded(saved(picture, save_as, save_all=True, append_images=others), tmp_path)
    assert raster.warnings == (f"{what} 1 of 3 read",)
    assert np.abs(raster.pixels.astype(int) - picture).mean() < 5


def huge_png() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def huge_bmp() -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, 60_000, -60_000, 1, 24, 0, 0, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 0, 0, 0, 54) + info + bytes(1000)


def huge_tiff() -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, np.zeros((64, 64, 3), np.uint8), photometric="rgb", metadata=None)
    with tifffile.TiffFile(io.BytesIO(out.getvalue())) as file:
        tags = file.pages[0].tags  # type: ignore[union-attr] # a page, not a frame
        places = [tags[name].valueoffset for name in ("ImageWidth", "ImageLength", "RowsPerStrip")]
    data = bytearray(out.getvalue())
    for place in places:
        data[place : place + 2] = struct.pack("<H", 60_000)
    return bytes(data)


def huge_jpeg(picture: np.ndarray) -> bytes:
    data = bytearray(saved(picture, "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    return bytes(data)


@pytest.mark.parametrize("kind_of_bomb", ["png", "png header alone", "bmp", "tiff", "jpeg"])
def test_too_many_pixels_are_refused_by_the_header(
    picture: np.ndarray, kind_of_bomb: str, tmp_path: Path
) -> None:
    bombs = {
        "png": huge_png(),
        "png header alone": huge_png()[:33],
        "bmp": huge_bmp(),
        "tiff": huge_tiff(),
        "jpeg": huge_jpeg(picture),
    }
    with pytest.raises(TooManyPixels, match=r"60000 x 60000 .* 3,600.0 .* 250.0"):
        decoded(bombs[kind_of_bomb], tmp_path, max_pixels=250_000_000)


def test_as_many_pixels_as_allowed_are_taken(picture: np.ndarray, tmp_path: Path) -> None:
    data = saved(picture, "PNG")
    assert decoded(data, tmp_path, max_pixels=160 * 200).size == (160, 200)
    with pytest.raises(TooManyPixels):
        decoded(data, tmp_path, max_pixels=160 * 200 - 1)


def test_a_vanished_file_is_trouble_with_its_errno(tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble) as caught:
        decode(tmp_path / "gone.jpg", max_pixels=10**6)
    assert caught.value.errno == errno.ENOENT


def test_a_folder_is_trouble_with_its_errno(tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble) as caught:
        decode(tmp_path, max_pixels=10**6)
    assert caught.value.errno == errno.EISDIR


@pytest.mark.parametrize(
    "kind",
    ["jpeg-progressive", "png", "png-16", "tiff-deflate", "tiff-tiled", "tiff-16"],
    indirect=True,
)
def test_damage_in_the_middle_is_noticed(made: bytes, tmp_path: Path) -> None:
    """Where a format has checksums or marks; plain JPEG and LZW give garbage without a word.

    By itself libvips goes on with black tiles and grey blocks.
    """
    rotten = bytearray(made)
    middle = len(made) // 2
    rotten[middle : middle + 40] = bytes(byte ^ 0x55 for byte in rotten[middle : middle + 40])
    with pytest.raises(NotReady) as caught:
        decoded(bytes(rotten), tmp_path)
    assert "\n" not in caught.value.reason


def test_padding_before_the_end_mark_of_a_jpeg_does_no_harm(
    picture: np.ndarray, tmp_path: Path
) -> None:
    data = saved(picture, "JPEG")
    assert decoded(data[:-2] + bytes(6) + data[-2:], tmp_path).size == (160, 200)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    in_header=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4),
    anywhere=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=3),
)
def test_mutated_files_give_a_raster_or_a_photo_error(
    made: bytes,
    in_header: list[tuple[int, int]],
    anywhere: list[tuple[float, int]],
    tmp_path: Path,
) -> None:
    mutated = bytearray(made)
    for place, value in in_header:
        mutated[place] = value
    for share, value in anywhere:
        mutated[int(share * (len(made) - 1))] = value
    try:
        raster = decoded(bytes(mutated), tmp_path)
    except PhotoError as error:
        told = error.reason
    else:
        told = str(raster.pixels.shape[2])
    assert told.isprintable()
    assert 0 < len(told) < 400
