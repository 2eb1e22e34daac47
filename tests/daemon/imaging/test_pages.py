"""The page of a TIFF that is the photo is filed, and not its thumbnail."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from daemon.errors import NotReady
from daemon.imaging.decode import decode
from daemon.raster import Raster


def of_pages(*pages: tuple[np.ndarray, dict[str, Any]], big: bool = False) -> bytes:
    out = io.BytesIO()
    with tifffile.TiffWriter(out, bigtiff=big) as writer:
        for pixels, options in pages:
            writer.write(pixels, photometric="rgb", metadata=None, **options)
    return out.getvalue()


def decoded(data: bytes, tmp_path: Path, *, last_look: bool = False) -> Raster:
    (tmp_path / "photo").write_bytes(data)
    return decode(tmp_path / "photo", max_pixels=10**6, last_look=last_look)


@pytest.fixture
def thumbnail(picture: np.ndarray) -> np.ndarray:
    return picture[::4, ::4].copy()


@pytest.mark.parametrize("big", [False, True])
def test_a_photo_behind_its_thumbnail_is_found(
    picture: np.ndarray, thumbnail: np.ndarray, tmp_path: Path, *, big: bool
) -> None:
    data = of_pages((thumbnail, {"subfiletype": 1}), (picture, {}), big=big)
    raster = decoded(data, tmp_path)
    assert (raster.pixels == picture).all()
    assert raster.warnings == ()


def test_a_photo_below_its_thumbnail_is_found(
    picture: np.ndarray, thumbnail: np.ndarray, tmp_path: Path
) -> None:
    data = of_pages(
        (thumbnail, {"subfiletype": 1, "subifds": 2}),
        (picture[::2, ::2].copy(), {"subfiletype": 1}),
        (picture, {}),
    )
    raster = decoded(data, tmp_path)
    assert (raster.pixels == picture).all()
    assert raster.warnings == ()


def test_the_old_tag_for_a_reduced_picture_counts_too(
    picture: np.ndarray, thumbnail: np.ndarray, tmp_path: Path
) -> None:
    old = {"extratags": [(255, 3, 1, 2, True)]}
    data = of_pages((thumbnail, old), (picture, {}))
    assert (decoded(data, tmp_path).pixels == picture).all()


def test_smaller_copies_and_masks_behind_the_photo_are_no_pages(
    picture: np.ndarray, thumbnail: np.ndarray, tmp_path: Path
) -> None:
    """A pyramid is one photo, and nothing of it is lost."""
    reduced = {"subfiletype": 1}
    data = of_pages((picture, {}), (thumbnail, reduced), (thumbnail, reduced))
    before, _, after = data.rpartition(struct.pack("<HHLL", 254, 4, 1, 1))
    raster = decoded(before + struct.pack("<HHLL", 254, 4, 1, 4) + after, tmp_path)
    assert (raster.pixels == picture).all()
    assert raster.warnings == ()


def test_of_a_thumbnail_and_two_photos_the_first_photo_is_read_and_said_so(
    picture: np.ndarray, thumbnail: np.ndarray, tmp_path: Path
) -> None:
    data = of_pages((thumbnail, {"subfiletype": 1}), (picture, {}), (picture // 2, {}))
    raster = decoded(data, tmp_path)
    assert (raster.pixels == picture).all()
    assert raster.warnings == ("page 2 of 3 read",)


def test_an_only_page_is_the_photo_whatever_it_calls_itself(
    picture: np.ndarray, tmp_path: Path
) -> None:
    assert (decoded(of_pages((picture, {"subfiletype": 1})), tmp_path).pixels == picture).all()


def test_of_reduced_pages_alone_the_largest_is_read(
    picture: np.ndarray, thumbnail: np.ndarray, tmp_path: Path
) -> None:
    data = of_pages((thumbnail, {"subfiletype": 1}), (picture, {"subfiletype": 1}))
    assert (decoded(data, tmp_path).pixels == picture).all()


def pointer_to_page_2(data: bytes | bytearray) -> int:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        at: int = file.pages[0].offset
    return at + 2 + struct.unpack_from("<H", data, at)[0] * 12


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("garbage", [b"    ", b"\xff\xff\xff\xff", struct.pack("<L", 9)])
def test_a_whole_page_before_a_garbage_pointer_is_waited_for_and_then_filed(
    picture: np.ndarray, garbage: bytes, pages: int, tmp_path: Path
) -> None:
    data = bytearray(of_pages(*[(picture, {})] * pages))
    at = pointer_to_page_2(data)
    data[at : at + 4] = garbage
    with pytest.raises(NotReady):
        decoded(bytes(data), tmp_path)
    raster = decoded(bytes(data), tmp_path, last_look=True)
    assert (raster.pixels == picture).all()
    assert len(raster.warnings) == 1
    assert raster.warnings[0].endswith("page 1 itself is whole")


def directory_last(picture: np.ndarray) -> bytes:
    """A TIFF that ends with its directory, whose values lie before it."""
    pixels = picture.tobytes()
    height, width = picture.shape[:2]
    bits_at, at = 8 + len(pixels), 8 + len(pixels) + 6
    entries = [
        *((256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, bits_at), (259, 3, 1, 1)),
        *((262, 3, 1, 2), (273, 4, 1, 8), (277, 3, 1, 3), (278, 4, 1, height)),
        (279, 4, 1, len(pixels)),
    ]
    listed = b"".join(struct.pack("<HHLL", *entry) for entry in entries)
    directory = struct.pack("<H", len(entries)) + listed + bytes(4)
    return struct.pack("<2sHL", b"II", 42, at) + pixels + struct.pack("<3H", 8, 8, 8) + directory


@pytest.mark.parametrize("lacking", [1, 2, 4])
def test_a_whole_page_without_a_pointer_is_waited_for_and_then_filed(
    picture: np.ndarray, lacking: int, tmp_path: Path
) -> None:
    data = directory_last(picture)
    assert decoded(data, tmp_path).warnings == ()
    with pytest.raises(NotReady):
        decoded(data[:-lacking], tmp_path)
    raster = decoded(data[:-lacking], tmp_path, last_look=True)
    assert (raster.pixels == picture).all()
    assert len(raster.warnings) == 1


def test_a_thumbnail_is_not_filed_because_its_photo_is_missing(
    picture: np.ndarray, thumbnail: np.ndarray, tmp_path: Path
) -> None:
    data = bytearray(of_pages((thumbnail, {"subfiletype": 1}), (picture, {})))
    at = pointer_to_page_2(data)
    data[at : at + 4] = b"    "
    with pytest.raises(NotReady):
        decoded(bytes(data), tmp_path, last_look=True)


def test_lost_pixels_are_never_filed(picture: np.ndarray, tmp_path: Path) -> None:
    """The last look forgives what stands behind a page, not what is missing of it."""
    data = of_pages((picture, {"rowsperstrip": 16}))
    with pytest.raises(NotReady):
        decoded(data[: len(data) // 2], tmp_path, last_look=True)


@pytest.mark.parametrize("zeros", [4, 8, 16, 64])
@pytest.mark.parametrize("kind", ["tiff", "jpeg", "png", "bmp", "webp"], indirect=True)
def test_a_header_that_is_still_zero_is_waited_for(made: bytes, zeros: int, tmp_path: Path) -> None:
    """Programs and copiers write it last."""
    with pytest.raises(NotReady):
        decoded(bytes(zeros) + made[zeros:], tmp_path)
