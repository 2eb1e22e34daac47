"""Metadata is put into any layout of TIFF, and whole chunks into a PNG however it is written."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from daemon.errors import ResultsTrouble
from daemon.imaging.blocks import block_of
from daemon.imaging.colour import SRGB
from daemon.imaging.embed import WithChunks, add_to_tiff, png_chunks
from daemon.imaging.encode import write_png, write_tiff
from daemon.imaging.exif import Exif, Tags, Value
from daemon.raster import Metadata

METADATA = Metadata(
    block_of(
        Exif(
            Tags({315: Value(2, b"Ann\0")}),
            Tags({33434: Value(5, b"\1\0\0\0\xfa\0\0\0"), 36867: Value(2, b"1998\0")}),
            Tags({1: Value(2, b"N\0")}),
        )
    ),
    b"<x>" + b"word " * 50 + b"</x>",
    b"\x1c\x02\x50\0\x0aBob Miller",
)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_every_layout_of_tiff_takes_it(
    picture: np.ndarray, byteorder: str, tmp_path: Path, *, bigtiff: bool
) -> None:
    path = tmp_path / "out.tif"
    options = {"photometric": "rgb", "rowsperstrip": 16, "metadata": None, "software": "s"}
    tifffile.imwrite(path, picture, bigtiff=bigtiff, byteorder=byteorder, **options)  # type: ignore[arg-type] # a parameter is no literal
    with path.open("r+b", buffering=0) as file:
        add_to_tiff(file, METADATA)
    with tifffile.TiffFile(path) as file:
        (page,) = file.pages
        tags = page.tags  # type: ignore[union-attr] # a page, not a frame
        assert tags["Software"].value == "s"
        assert tags["Artist"].value == "Ann"
        assert tags["XMP"].value == METADATA.xmp
        assert tags["IPTCNAA"].value == METADATA.iptc
        assert tags["ExifTag"].value["ExposureTime"] == (1, 250)
        assert tags["ExifTag"].value["DateTimeOriginal"] == "1998"
        assert tags["GPSTag"].value["GPSLatitudeRef"] == "N"
        assert [tag.code for tag in tags] == sorted(tag.code for tag in tags)
        assert (page.asarray() == picture).all()


@pytest.mark.parametrize("portion", [1, 7, 32, 33, 34, 1000, 10**6])
def test_chunks_stand_behind_the_header_in_whatever_portions_a_png_is_written(
    picture: np.ndarray, portion: int
) -> None:
    whole = io.BytesIO()
    Image.fromarray(picture).save(whole, "PNG")
    data, out = whole.getvalue(), io.BytesIO()
    file = WithChunks(out, png_chunks(METADATA))
    for at in range(0, len(data), portion):
        assert file.write(data[at : at + portion]) == len(data[at : at + portion])
    assert out.getvalue() == data[:33] + png_chunks(METADATA) + data[33:]
    with Image.open(io.BytesIO(out.getvalue())) as image:
        assert (np.asarray(image) == picture).all()
        assert image.getexif()[315] == "Ann"
        assert image.info["xmp"] == METADATA.xmp


@pytest.mark.parametrize("write", [write_png, write_tiff])
def test_a_full_disk_is_trouble_with_its_errno(picture: np.ndarray, write: Any) -> None:
    with pytest.raises(ResultsTrouble) as caught:
        write(Path("/dev/full"), picture, icc=SRGB, dpi=None, metadata=METADATA)
    assert caught.value.errno == errno.ENOSPC
