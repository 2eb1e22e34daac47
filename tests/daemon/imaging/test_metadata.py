"""What people wrote into a photo is in its results too, and true there; other programs read it."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from decoded_pictures import decoded
from output_kinds import in_all_formats
from PIL import Image
from told_photos import IPTC, WRITERS, XMP, camera_s_exif, iim, plain_png, written

from daemon.imaging.colour import SRGB
from daemon.imaging.decode import decode
from daemon.outputs import OUTPUTS
from daemon.raster import Cutout, Matte, Metadata, Raster

SOURCES = ("JPEG", "PNG", "TIFF", "WEBP")


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


def test_iptc_s_own_words_are_told_by_a_png_too(picture: np.ndarray, tmp_path: Path) -> None:
    """It has no place for IPTC; what Exif has a tag for is put there."""
    data = iim(by_line="Bob", caption="Emma", notice="(c) Bob")
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "TIFF", tiffinfo={33723: data})
    with Image.open(written(decoded(out.getvalue(), tmp_path), "png", tmp_path)) as image:
        exif = image.getexif()
        assert (exif[315], exif[270], exif[33432]) == ("Bob", "Emma", "(c) Bob")
