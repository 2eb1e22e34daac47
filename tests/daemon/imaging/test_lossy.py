"""JPEG, WebP and AVIF look like the picture, and other programs read what is told with it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from daemon.errors import NotWritten, ResultsTrouble
from daemon.imaging import lossy
from daemon.imaging.blocks import block_of
from daemon.imaging.colour import SRGB
from daemon.imaging.decode import decode
from daemon.imaging.exif import Exif, Tags, Value, of_block
from daemon.raster import Metadata

KINDS = get_args(lossy.Name)
EXIF = block_of(Exif(Tags({315: Value(2, b"Ann\0"), 271: Value(2, b"Camera\0")})))
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"\x1c\x02\x50\0\x03Ann"


def written(path: Path, pixels: Any, kind: Any, **more: Any) -> Path:
    lossy.write(path / "out", pixels, kind, **{"icc": SRGB, "dpi": (300, 240), **more})
    return path / "out"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_looks_like_the_picture(
    picture: np.ndarray, kind: str, dtype: type, tmp_path: Path
) -> None:
    pixels = picture if dtype is np.uint8 else picture.astype(np.uint16) * np.uint16(257)
    quality = lossy.Quality(95)
    with Image.open(written(tmp_path, pixels, kind, quality=quality)) as image:
        back = np.asarray(image.convert("RGB")).astype(int)
        assert image.info["icc_profile"] == SRGB
    assert np.abs(back - picture).mean() < 2.5


@pytest.mark.parametrize("kind", ["webp", "avif"])
def test_alpha_is_kept(picture: np.ndarray, kind: str, tmp_path: Path) -> None:
    alpha = np.tile(np.linspace(0, 255, picture.shape[1]).astype(np.uint8), (len(picture), 1))
    with Image.open(written(tmp_path, picture, kind, alpha=alpha)) as image:
        back = np.asarray(image.convert("RGBA"))[:, :, 3].astype(int)
    assert np.abs(back - alpha).mean() < 2


@pytest.mark.parametrize("kind", ["jpeg", "avif"])
def test_less_quality_and_less_colour_are_smaller(
    picture: np.ndarray, kind: str, tmp_path: Path
) -> None:
    sizes = [
        written(tmp_path, picture, kind, quality=each).stat().st_size
        for each in (lossy.Quality(95), lossy.Quality(95, "4:2:0"), lossy.Quality(50, "4:2:0"))
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dpi", [(300.0, 240.0), None])
def test_exiftool_reads_what_is_told(
    picture: np.ndarray, kind: str, dpi: Any, tmp_path: Path
) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("NOT TESTED: exiftool is not installed, so nobody else read the metadata")
    told = Metadata(EXIF, XMP, IPTC)
    path = written(tmp_path, picture, kind, dpi=dpi, metadata=told)
    command = ["exiftool", "-json", "-G1", "-n", str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (found,) = json.loads(out)
    assert "ExifTool:Warning" not in found
    assert (found["IFD0:Artist"], found["IFD0:Make"], found["XMP-xmp:Rating"]) == (
        "Ann",
        "Camera",
        4,
    )
    if kind == "jpeg":
        assert found["IPTC:By-line"] == "Ann"
        assert found["JFIF:ResolutionUnit"] == (0 if dpi is None else 1)
    if dpi is not None:
        place = "JFIF" if kind == "jpeg" else "IFD0"
        assert (found[f"{place}:XResolution"], found[f"{place}:YResolution"]) == dpi
    assert found.get("IFD0:Orientation", 1) == 1


@pytest.mark.parametrize(("kind", "side"), lossy.MOST_PIXELS.items())
def test_a_side_that_a_format_cannot_hold_is_refused_in_words(
    kind: str, side: int, tmp_path: Path
) -> None:
    with pytest.raises(NotWritten, match=rf"{kind.upper()} holds {side:,} pixels a side"):
        written(tmp_path, np.zeros((1, side + 1, 3), np.uint8), kind)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_smallest_picture_is_written(kind: str, tmp_path: Path) -> None:
    with Image.open(written(tmp_path, np.full((1, 1, 3), 200, np.uint8), kind)) as image:
        assert image.size == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_trouble_with_the_results(picture: np.ndarray, kind: Any) -> None:
    with pytest.raises(ResultsTrouble, match="No space left on device"):
        lossy.write(Path("/dev/full"), picture, kind, icc=SRGB, dpi=None, metadata=Metadata(EXIF))


def test_xmp_that_is_too_long_for_a_jpeg_costs_nothing_else(
    picture: np.ndarray, tmp_path: Path
) -> None:
    told = Metadata(EXIF, XMP + b" " * 66_000, IPTC)
    with Image.open(written(tmp_path, picture, "jpeg", metadata=told)) as image:
        assert image.getexif()[315] == "Ann"
        assert "xmp" not in image.info


def test_a_resolution_joins_what_exif_tells() -> None:
    found = of_block(lossy.with_resolution(EXIF, (300.5, 72)))
    assert found.image.text(315) == "Ann"
    assert (found.image.number(282), found.image.number(283)) == (300.5, 72)


RICH = (
    "Artist=Änne", "HostComputer=scanner-2", "Rating=3", "RatingPercent=50", "LensModel=50mm",
    "UserComment=Grüße", "XPTitle=Titel", "OffsetTimeOriginal=+02:00", "DocumentName=roll 7",
)  # fmt: skip


def test_every_kind_tells_the_same_exif(picture: np.ndarray, tmp_path: Path) -> None:
    """An AVIF's encoder left out ratings and hosts, and added a size and a resolution."""
    if shutil.which("exiftool") is None:
        pytest.skip("NOT TESTED: exiftool is not installed, so nobody made and read rich Exif")
    Image.fromarray(picture).save(tmp_path / "a.jpg")
    tags = [f"-EXIF:{told}" for told in RICH]
    command = ["exiftool", "-q", "-charset", "exif=utf8", *tags, str(tmp_path / "a.jpg")]
    subprocess.run(command, check=True)
    block = decode(tmp_path / "a.jpg", max_pixels=10**6).metadata.exif
    found = []
    for kind in KINDS:
        path = written(tmp_path, picture, kind, dpi=None, metadata=Metadata(block))
        command = ["exiftool", "-json", "-G0", "-EXIF:all", "-charset", "exif=utf8", str(path)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        (told,) = json.loads(out)
        found.append({name: value for name, value in told.items() if name.startswith("EXIF")})
        with Image.open(path) as image:
            assert image.getexif()[315] == "Änne".encode().decode("latin-1"), kind
    assert found[0]["EXIF:Rating"] == 3
    assert found[0] == found[1] == found[2]
