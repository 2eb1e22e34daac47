"""What people wrote into a photo is in its results too, and true there; other programs read it."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from output_kinds import in_all_formats
from PIL import Image

from daemon.imaging import exif
from daemon.imaging.colour import SRGB
from daemon.imaging.decode import decode
from daemon.imaging.encode import write_png, write_tiff
from daemon.outputs import OUTPUTS
from daemon.raster import Cutout, Matte, Metadata, Raster

WRITERS = {"png": write_png, "tiff": write_tiff}
SOURCES = ("JPEG", "PNG", "TIFF", "WEBP")

XMP = (
    b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" tiff:Orientation="6" exif:PixelXDimension = '4000'
 xmp:Rating="4">
<tiff:ImageWidth>4000</tiff:ImageWidth>
<xmp:Thumbnails><rdf:Alt><rdf:li>/9j/4AAQSkZJ</rdf:li></rdf:Alt></xmp:Thumbnails>
<dc:creator><rdf:Seq><rdf:li>Andr\xc3\xa9 in XMP</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta>
"""
    + b" " * 2000
    + b"""<?xpacket end="w"?>"""
)


def iim(**texts: str) -> bytes:
    numbers = {"by_line": 80, "caption": 120, "notice": 116, "city": 90}
    return b"".join(
        struct.pack(">BBBH", 0x1C, 2, numbers[name], len(text.encode())) + text.encode()
        for name, text in texts.items()
    )


IPTC = iim(by_line="Ann in IPTC", city="Lyon")


def camera_s_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[270], exif[315], exif[33432] = "Emma at the sea", "Ann Artist", "(c) 1998 Ann"
    exif[306], exif[274], exif[305] = "1999:01:02 03:04:05", 6, "a scanner's"
    photo = exif.get_ifd(0x8769)
    photo[36867], photo[37510] = "1998:07:06 05:04:03", b"ASCII\0\0\0by the lighthouse"
    photo[40962], photo[40963], photo[37500], photo[33434] = 4000, 3000, b"secret" * 100, 0.004
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (48.0, 30.0, 0.0)
    return exif


def source(picture: np.ndarray, save_as: str) -> bytes:
    """A photo with all there is, made by another program."""
    out = io.BytesIO()
    options: dict[str, Any] = {"exif": camera_s_exif(), "dpi": (300, 300)}
    if save_as == "TIFF":
        exif = options["exif"]
        exif[700], exif[33723] = XMP, IPTC
        options["exif"] = exif.tobytes()
    elif save_as in {"JPEG", "WEBP"}:
        options["xmp"] = XMP
    Image.fromarray(picture).save(out, save_as, **options)
    data = out.getvalue()
    if save_as == "JPEG":
        resource = (
            b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC + b"\0" * (len(IPTC) % 2)
        )
        body = b"Photoshop 3.0\0" + resource
        data = data[:2] + struct.pack(">HH", 0xFFED, 2 + len(body)) + body + data[2:]
    return data


def decoded(data: bytes, tmp_path: Path) -> Raster:
    (tmp_path / "photo").write_bytes(data)
    return decode(tmp_path / "photo", max_pixels=10**6)


def written(raster: Raster, kind: str, tmp_path: Path) -> Path:
    path = tmp_path / f"out.{kind}"
    WRITERS[kind](path, raster.pixels, icc=raster.icc, dpi=raster.dpi, metadata=raster.metadata)
    return path


@pytest.fixture(scope="session")
def exiftool() -> str:
    found = shutil.which("exiftool")
    if found is None:
        pytest.skip(
            "NOT TESTED: exiftool (libimage-exiftool-perl) is not here to read what was carried"
        )
    return found


def seen_by(exiftool: str, path: Path) -> dict[str, Any]:
    command = [exiftool, "-j", "-G1", "-a", "-charset", "iptc=utf8", str(path)]
    told = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout
    return dict(json.loads(told)[0])


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("save_as", SOURCES)
def test_exiftool_finds_what_people_wrote(
    exiftool: str, picture: np.ndarray, save_as: str, kind: str, tmp_path: Path
) -> None:
    seen = seen_by(exiftool, written(decoded(source(picture, save_as), tmp_path), kind, tmp_path))
    assert seen["IFD0:Artist"] == "Ann Artist"
    assert seen["IFD0:Copyright"] == "(c) 1998 Ann"
    assert seen["IFD0:ImageDescription"] == "Emma at the sea"
    assert seen["IFD0:ModifyDate"] == "1999:01:02 03:04:05"
    assert seen["IFD0:Software"] == "a scanner's"
    assert seen["ExifIFD:DateTimeOriginal"] == "1998:07:06 05:04:03"
    assert seen["ExifIFD:UserComment"] == "by the lighthouse"
    assert seen["ExifIFD:ExposureTime"] == "1/250"
    assert seen["GPS:GPSLatitude"].startswith("48 deg 30'")
    if save_as != "PNG":  # Pillow writes none into it
        assert seen["XMP-dc:Creator"] == "André in XMP"
        assert seen["XMP-xmp:Rating"] == 4
    if kind == "tiff" and save_as in {"JPEG", "TIFF"}:
        assert seen["IPTC:By-line"] == "Ann in IPTC"
        assert seen["IPTC:City"] == "Lyon"


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("save_as", SOURCES)
def test_exiftool_finds_nothing_untrue(
    exiftool: str, picture: np.ndarray, save_as: str, kind: str, tmp_path: Path
) -> None:
    seen = seen_by(exiftool, written(decoded(source(picture, save_as), tmp_path), kind, tmp_path))
    told = {name.partition(":")[2]: value for name, value in seen.items()}
    assert told.get("Orientation", "Horizontal (normal)") == "Horizontal (normal)"
    assert not {"ExifImageWidth", "PixelXDimension", "ThumbnailImage", "Thumbnails", "MakerNote",
                "MakerNoteUnknownText", "InteropIndex", "ColorSpace"} & told.keys()  # fmt: skip
    assert not [name for name in seen if name.startswith(("XMP-tiff", "XMP-exif", "IFD1"))]
    assert not [value for name, value in seen.items() if "Warning" in name or "Error" in name]
    assert seen["Composite:ImageSize"] == "200x160"  # upright: it was 160x200 lying on its side


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("save_as", SOURCES)
def test_pillow_finds_what_people_wrote(
    picture: np.ndarray, save_as: str, kind: str, tmp_path: Path
) -> None:
    path = written(decoded(source(picture, save_as), tmp_path), kind, tmp_path)
    with Image.open(path) as image:
        image.load()
        exif = image.getexif()
        assert exif[315] == "Ann Artist"
        assert exif.get_ifd(0x8769)[36867] == "1998:07:06 05:04:03"
        assert exif.get(274, 1) == 1
        expected = 72 if save_as == "WEBP" else 300  # it has no place for it but Exif
        assert image.info["dpi"] == pytest.approx((expected, expected), abs=0.05)
        if save_as != "PNG":
            assert b"in XMP" in image.info["xmp"]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("save_as", SOURCES)
def test_what_was_carried_is_carried_again(
    picture: np.ndarray, save_as: str, kind: str, tmp_path: Path
) -> None:
    """A result can be a photo again, and loses nothing more."""
    raster = decoded(source(picture, save_as), tmp_path)
    again = decode(written(raster, kind, tmp_path), max_pixels=10**6)
    assert again.metadata.exif == raster.metadata.exif
    assert again.metadata.xmp == raster.metadata.xmp
    assert again.metadata.iptc == (raster.metadata.iptc if kind == "tiff" else b"")
    assert (again.pixels == raster.pixels).all()
    assert again.icc == raster.icc


@pytest.mark.parametrize(("name", "given"), in_all_formats())
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_kind_of_output_carries_it(
    picture: np.ndarray, name: str, given: dict[str, Any], dtype: type, tmp_path: Path
) -> None:
    kept = decoded(source(picture, "JPEG"), tmp_path).metadata
    pixels = picture.astype(dtype)
    raster = Raster(pixels, SRGB, None, (), kept)
    alpha = np.full(picture.shape[:2], 65535, np.uint16)
    module = OUTPUTS[name]
    options = module.Options.model_validate(given)
    module.write(Cutout(raster, Matte(alpha, "test", "cpu", 1), pixels), options, tmp_path / "out")
    if module.extension(options) in {".json", ".xmp"}:
        pytest.skip("it tells facts of its own, and has no pixels to which words could belong")
    if module.extension(options) in {".psd", ".avif"}:  # which we do not read ourselves
        data = (tmp_path / "out").read_bytes()
        assert kept.exif in data, "no encoder's own version of it"
        assert kept.xmp in data
        return
    again = decode(tmp_path / "out", max_pixels=10**6)
    assert again.metadata.exif == kept.exif
    assert again.metadata.xmp == kept.xmp


def test_a_photo_that_tells_nothing_gets_nothing_added(picture: np.ndarray, tmp_path: Path) -> None:
    for kind in WRITERS:
        raster = decoded(plain_png(picture), tmp_path)
        assert raster.metadata == Metadata()
        data = written(raster, kind, tmp_path).read_bytes()
        assert b"eXIf" not in data
        assert b"Exif" not in data


def plain_png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def test_iptc_s_own_words_are_told_by_a_png_too(picture: np.ndarray, tmp_path: Path) -> None:
    """It has no place for IPTC; what Exif has a tag for is put there."""
    data = iim(by_line="Bob", caption="Emma", notice="(c) Bob")
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "TIFF", tiffinfo={33723: data})
    with Image.open(written(decoded(out.getvalue(), tmp_path), "png", tmp_path)) as image:
        exif = image.getexif()
        assert (exif[315], exif[270], exif[33432]) == ("Bob", "Emma", "(c) Bob")


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
