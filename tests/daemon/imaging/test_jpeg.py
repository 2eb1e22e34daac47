"""What is odd in a JPEG but costs no pixel is passed over; what does cost pixels is not hidden."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging import jpeg
from daemon.imaging.decode import decode
from daemon.raster import Raster


@pytest.fixture
def clean(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture
def progressive(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=90, progressive=True)
    return out.getvalue()


def decoded(data: bytes, tmp_path: Path) -> Raster:
    (tmp_path / "photo").write_bytes(data)
    return decode(tmp_path / "photo", max_pixels=10**6)


def at_mark(data: bytes, mark: int) -> int:
    found = jpeg.header(lambda at, size: data[at : at + size], len(data))
    return next(each.offset for each in found.segments if each.mark == mark)


def inserted(mark: int, junk: bytes) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        at = at_mark(data, mark)
        return data[:at] + junk + data[at:]

    return make


def replaced(mark: int, offset: int, value: bytes) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        at = at_mark(data, mark) + offset
        return data[:at] + value + data[at + len(value) :]

    return make


def with_segment(mark: int, body: bytes) -> Callable[[bytes], bytes]:
    return inserted(0xDB, struct.pack(">BBH", 0xFF, mark, 2 + len(body)) + body)


ODDITIES = {
    "bytes before a segment": inserted(0xDB, b"abc"),
    "many bytes before a segment": inserted(0xC4, b"junk" * 20_000),
    "bytes before the scan": inserted(0xDA, b"\0\0"),
    "stuffed bytes before a segment": inserted(0xDB, b"\xff\0\xff\0"),
    "fill bytes": inserted(0xC4, b"\xff" * 40_000),
    "JFIF 2.01": replaced(0xE0, 9, b"\2"),
    "JFIF 0.02": replaced(0xE0, 9, b"\0\2"),
    "an unknown transform of Adobe's": with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\x07"),
    "wrong parameters of a sequential scan": replaced(0xDA, 11, b"\0\0\0"),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_oddity_that_costs_no_pixel_is_passed_over(
    clean: bytes, oddity: str, tmp_path: Path
) -> None:
    """Each made libjpeg warn, and the photo was given up as damaged."""
    odd = ODDITIES[oddity](clean)
    raster = decoded(odd, tmp_path)
    assert raster.warnings == ()
    assert (raster.pixels == decoded(clean, tmp_path).pixels).all()
    with Image.open(io.BytesIO(odd)) as image:
        reference = np.asarray(image.convert("RGB"))
    assert np.abs(raster.pixels.astype(int) - reference).mean() < 0.5


@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("harm", ["cut and ended", "rot"])
def test_an_oddity_does_not_hide_lost_data(
    progressive: bytes, clean: bytes, oddity: str, harm: str, tmp_path: Path
) -> None:
    """The decoder tells of the first trouble alone."""
    whole = ODDITIES[oddity](clean if "sequential" in oddity else progressive)
    middle = len(whole) - len(clean) // 3
    harmed = {
        "cut and ended": whole[:middle] + b"\xff\xd9",
        "rot": whole[:middle] + b"\xff\xd3" * 20 + whole[middle + 40 :],
    }[harm]
    with pytest.raises(NotReady, match="damaged"):
        decoded(harmed, tmp_path)


def test_scans_that_do_not_fit_together_are_decoded_and_told(
    progressive: bytes, tmp_path: Path
) -> None:
    """Viewers show such a file; what else may be wrong with it is not told beside that."""
    parameters = b"\0\0\x10"  # of the scan that refines the mean of each block
    assert progressive.count(parameters) == 1
    raster = decoded(progressive.replace(parameters, b"\0\0\x21"), tmp_path)
    assert np.abs(raster.pixels.astype(int) - decoded(progressive, tmp_path).pixels).mean() < 2
    assert len(raster.warnings) == 1
    assert "look at the result" in raster.warnings[0]


def mpo(pictures: list[np.ndarray]) -> bytes:
    out = io.BytesIO()
    first, *others = (Image.fromarray(each) for each in pictures)
    first.save(out, "MPO", save_all=True, append_images=others, quality=90)
    return out.getvalue()


def test_the_first_picture_of_an_mpo_is_read_and_said_so(
    picture: np.ndarray, tmp_path: Path
) -> None:
    data = bytearray(mpo([picture, picture[:, ::-1].copy()]))
    # Pillow calls the others undefined; a stereo camera calls them disparity.
    at = data.index(b"MPF\0") + 4
    order = "<" if data[at : at + 2] == b"II" else ">"
    entries = data.index(struct.pack(f"{order}HHL", 0xB002, 7, 32), at)
    (offset,) = struct.unpack_from(f"{order}L", data, entries + 8)
    struct.pack_into(f"{order}L", data, at + offset + 16, 0x020002)
    raster = decoded(bytes(data), tmp_path)
    assert np.abs(raster.pixels.astype(int) - picture).mean() < 5
    assert raster.warnings == ("picture 1 of 2 read",)


def test_a_camera_s_preview_in_an_mpo_is_no_other_picture(
    picture: np.ndarray, tmp_path: Path
) -> None:
    raster = decoded(mpo([picture, picture[::2, ::2].copy()]), tmp_path)
    assert raster.size == (160, 200)
    assert raster.warnings == ()


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 20, 30])
def test_a_broken_index_of_an_mpo_does_no_harm(
    picture: np.ndarray, cut: int, tmp_path: Path
) -> None:
    data = bytearray(mpo([picture, picture]))
    at = data.index(b"MPF\0") + 4 + cut
    data[at : at + 8] = b"\xff" * 8
    assert decoded(bytes(data), tmp_path).size == (160, 200)


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\0", b"\0", b"\xff\xd0"])
def test_megabytes_between_two_segments_take_no_minutes(filling: bytes, tmp_path: Path) -> None:
    data = b"\xff\xd8" + filling * (16_000_000 // len(filling))
    began_s = time.monotonic()
    with pytest.raises((NotReady, NotAPhoto)):
        decoded(data, tmp_path)
    assert time.monotonic() - began_s < 5


def test_a_lost_end_mark_is_not_forgiven_where_scans_may_be_lost(
    progressive: bytes, tmp_path: Path
) -> None:
    """Of a scan for each colour, or of finer and finer ones, nobody notices the last one's loss."""
    path = tmp_path / "photo"
    for cut in (2, len(progressive) // 4):
        path.write_bytes(progressive[:-cut])
        with pytest.raises(NotReady, match="no end mark"):
            decode(path, max_pixels=10**6, last_look=True)
    last_scan = progressive.rindex(b"\xff\xda")
    path.write_bytes(progressive[:last_scan])
    with pytest.raises(NotReady, match="no end mark"):
        decode(path, max_pixels=10**6, last_look=True)


def test_one_scan_of_several_is_not_all_of_a_picture(clean: bytes) -> None:
    for data, expected in ((clean, True), (replaced(0xDA, 4, b"\1")(clean), False)):

        def read(at: int, size: int, data: bytes = data) -> bytes:
            return data[at : at + size]

        assert jpeg.is_one_scan(read, jpeg.header(read, len(data))) is expected
