"""Metadata that is nonsense, too much or made to be slow costs no photo, no time and no memory."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from decoded_pictures import decoded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from told_photos import IPTC, WRITERS, XMP, camera_s_exif, plain_png, written

from daemon.imaging import exif
from daemon.imaging.decode import decode


def test_notes_by_which_programs_find_their_pixels_are_left_out(
    picture: np.ndarray, tmp_path: Path
) -> None:
    out = io.BytesIO()
    tifffile.imwrite(out, picture, photometric="rgb", metadata={"axes": "YXS"})
    assert b'{"shape"' in out.getvalue()
    raster = decoded(out.getvalue(), tmp_path)
    path = written(raster, "tiff", tmp_path)
    assert b"shape" not in path.read_bytes()
    assert (tifffile.imread(path) == picture).all()


def test_a_photo_behind_its_thumbnail_keeps_what_the_thumbnail_s_page_says(
    picture: np.ndarray, tmp_path: Path
) -> None:
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        small = picture[::4, ::4].copy()
        artist = [(315, 2, 0, "Ann", True)]
        writer.write(
            small, photometric="rgb", subfiletype=1, subifds=1, metadata=None, extratags=artist
        )
        writer.write(picture, photometric="rgb", metadata=None)
    with Image.open(written(decoded(out.getvalue(), tmp_path), "png", tmp_path)) as image:
        assert image.getexif()[315] == "Ann"


@pytest.mark.parametrize("numerator", [0, 72])
@pytest.mark.parametrize("save_as", ["WEBP", "JPEG", "TIFF"])
def test_a_resolution_over_nothing_is_unknown(
    picture: np.ndarray, numerator: int, save_as: str, tmp_path: Path
) -> None:
    """It ended in a ZeroDivisionError, three times."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[282] = exif[283] = 72.0
    exif[296] = 2
    Image.fromarray(picture).save(out, save_as, exif=exif)
    data = out.getvalue()
    order = ">" if save_as != "TIFF" else "<"
    ratio = struct.pack(f"{order}2L", 72, 1)
    assert ratio in data
    data = data.replace(ratio, struct.pack(f"{order}2L", numerator, 0))
    raster = decoded(data, tmp_path)
    assert raster.dpi is None
    assert raster.size == (160, 200)


def test_a_resolution_in_words_is_unknown(picture: np.ndarray, tmp_path: Path) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[282] = exif[283] = 72.0
    exif[296] = 2
    words = exif.tobytes().replace(struct.pack(">HHL", 282, 5, 1), struct.pack(">HHL", 282, 2, 8))
    assert words != exif.tobytes()
    Image.fromarray(picture).save(out, "WEBP", exif=words)
    assert decoded(out.getvalue(), tmp_path).dpi is None


def jpeg_with(picture: np.ndarray, *segments: tuple[int, bytes]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=95)
    data = out.getvalue()
    whole = b"".join(struct.pack(">BBH", 0xFF, mark, 2 + len(b)) + b for mark, b in segments)
    return data[:2] + whole + data[2:]


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.floats(0.05, 1),
    which=st.sampled_from(["exif", "xmp", "iptc"]),
)
def test_nonsense_in_metadata_never_costs_a_photo(
    picture: np.ndarray,
    places: list[tuple[float, int]],
    cut: float,
    which: str,
    tmp_path: Path,
) -> None:
    exif = camera_s_exif().tobytes()
    blocks = {
        "exif": exif,
        "xmp": XMP,
        "iptc": b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC,
    }
    rotten = bytearray(blocks[which])
    for share, value in places:
        rotten[int(share * (len(rotten) - 1))] = value
    blocks[which] = bytes(rotten[: max(8, int(cut * len(rotten)))])
    data = jpeg_with(
        picture,
        (0xE1, b"Exif\0\0" + blocks["exif"].removeprefix(b"Exif\0\0")),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + blocks["xmp"]),
        (0xED, b"Photoshop 3.0\0" + blocks["iptc"]),
    )
    raster = decoded(data, tmp_path)
    assert min(raster.size) == 160
    for kind in WRITERS:
        again = decode(written(raster, kind, tmp_path), max_pixels=10**6)
        assert (again.pixels == raster.pixels).all()


def exif_of(count: int, each: int) -> bytes:
    """A block of a directory whose entries all have ``each`` bytes at the same place."""
    entries = b"".join(struct.pack("<HHLL", 36864 + n, 7, each, 8) for n in range(count))
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHLL", 34665, 4, 1, 26)
    return head + bytes(4) + struct.pack("<H", count) + entries + bytes(4) + bytes(16_000)


def test_a_small_block_does_not_become_a_large_one(picture: np.ndarray, tmp_path: Path) -> None:
    """Each of its tags claims the same 16 kB."""
    raster = decoded(jpeg_with(picture, (0xE1, b"Exif\0\0" + exif_of(3000, 15_000))), tmp_path)
    assert 0 < len(raster.metadata.exif) < 64_000


def test_a_small_block_does_not_take_much_memory() -> None:
    """Each of 20,000 tags claims the same 15 kB: 300 MB."""
    block = exif_of(20_000, 15_000)
    tracemalloc.start()
    try:
        read = exif.of_block(block)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read.photo.values
    assert most < 64 << 20


def png_with_xmp(picture: np.ndarray, packet: bytes) -> bytes:
    body = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body
    data = plain_png(picture)
    return data[:33] + chunk + struct.pack(">I", zlib.crc32(b"iTXt" + body)) + data[33:]


def test_xmp_beyond_measure_is_left_out_and_said_so(picture: np.ndarray, tmp_path: Path) -> None:
    raster = decoded(png_with_xmp(picture, b"<x>" + b"a" * 400_000 + b"</x>"), tmp_path)
    assert raster.metadata.xmp == b""
    assert raster.warnings == ("XMP of 390 kB left out of the results",)


@pytest.mark.parametrize("packet", [b"\xff\xfe<\0x\0", b"<x>\xff\xff</x>", b"no XML", b""])
def test_xmp_in_other_words_than_utf_8_is_left_out(
    picture: np.ndarray, packet: bytes, tmp_path: Path
) -> None:
    assert decoded(png_with_xmp(picture, packet), tmp_path).metadata.xmp == b""


@pytest.mark.parametrize(
    "piece", [b"<tiff:Orientation>", b' tiff:Orientation="', b"<xmp:Thumbnails>", b" \n", b"<"]
)
def test_xmp_made_to_be_slow_is_not(picture: np.ndarray, piece: bytes, tmp_path: Path) -> None:
    packet = b"<x>" + piece * (250_000 // len(piece))
    data = png_with_xmp(picture, packet)
    began_s = time.monotonic()
    decoded(data, tmp_path)
    assert time.monotonic() - began_s < 3
