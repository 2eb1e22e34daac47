"""Each format of phones, cameras and editors, whatever is amiss with the file or this machine."""

from __future__ import annotations

import errno
import io
import os
import struct
import subprocess
import sys
from pathlib import Path

import camera_files
import numpy as np
import pytest
import tifffile
from decoded_pictures import MOST, decoded

from daemon.errors import NotAPhoto, NotReady, SourceTrouble, TooManyPixels
from daemon.imaging import hollow
from daemon.imaging.codecs import CODECS
from daemon.imaging.decode import decode
from daemon.imaging.formats import Format
from daemon.imaging.opening import Opened

KINDS = ("heic", "avif", "dng", "linear dng", "psd", "jp2", "j2k")


@pytest.mark.parametrize("kind", KINDS)
def test_more_pixels_than_allowed_are_refused_before_they_are_decoded(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.raises(TooManyPixels, match="160 x 200"):
        decoded(files[kind], tmp_path, max_pixels=160 * 200 - 1)
    assert decoded(files[kind], tmp_path, max_pixels=160 * 200).size == (160, 200)


HUGE = 60_000


def huge_psd(_: np.ndarray) -> bytes:
    head = struct.pack(">4sH6sHIIHH", b"8BPS", 2, bytes(6), 3, HUGE, HUGE, 16, 3)
    return head + bytes(16) + struct.pack(">H", 1) + bytes(1000)


def huge_j2k(picture: np.ndarray) -> bytes:
    data = bytearray(camera_files.saved(picture, "JPEG2000", no_jp2=True))
    data[8:16] = struct.pack(">II", HUGE, HUGE)
    return bytes(data)


def huge_heic(picture: np.ndarray) -> bytes:
    data = bytearray(camera_files.heic(picture))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", HUGE, HUGE)
    return bytes(data)


def huge_dng(picture: np.ndarray) -> bytes:
    data = bytearray(camera_files.dng(picture))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = file.pages[0].tags  # type: ignore[union-attr] # a page, not a frame
        places = [tags[name].valueoffset for name in ("ImageWidth", "ImageLength")]
    for place in places:
        data[place : place + 4] = struct.pack("<I", HUGE)
    return bytes(data)


@pytest.mark.parametrize("bomb", [huge_psd, huge_j2k, huge_heic, huge_dng])
def test_a_bomb_takes_no_memory(bomb, picture: np.ndarray, tmp_path: Path) -> None:
    """Tried in a process that may not have the memory that the header asks for."""
    path = tmp_path / "bomb"
    path.write_bytes(bomb(picture))
    code = (
        "import resource, sys; from pathlib import Path; from daemon.imaging.decode import decode\n"
        "from daemon.errors import PhotoError\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))\n"
        "try: decode(Path(sys.argv[1]), max_pixels=250_000_000)\n"
        "except PhotoError as error: print(type(error).__name__, error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert told.split()[0] in {"TooManyPixels", "NotReady", "NotAPhoto"}, told
    assert "60000 x 60000" in told or "HEIC" in told or "camera raw" in told, told


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_being_filled_is_waited_for(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    """Copying programs reserve the room first; what zeros decode to is nobody's photo."""
    data = files[kind]
    path = tmp_path / "photo"
    for share in (0.3, 0.6, 0.8):
        size = int(len(data) * share)
        path.write_bytes(data[:size] + bytes(len(data) - size))
        if hollow.doubt(path) is None:
            with pytest.raises(NotReady):
                decode(path, max_pixels=MOST)


@pytest.mark.parametrize("kind", ["heic", "jp2", "j2k"])
def test_a_disk_that_fails_is_told_as_that(
    kind: str, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No library's word for memory or damage stands in its place."""

    def failing(opened: Opened, offset: int, size: int) -> bytes:
        if size == opened.size_bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return os.pread(opened.descriptor, size, offset)

    monkeypatch.setattr(Opened, "read", failing)
    with pytest.raises(SourceTrouble, match="cannot be read"):
        decoded(files[kind], tmp_path)


@pytest.mark.parametrize(
    ("kind", "module"), [("heic", "pi_heif"), ("dng", "rawpy"), ("psd", "psd_tools.compression")]
)
def test_without_its_library_a_format_is_refused_in_one_line(
    kind: str,
    module: str,
    files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotAPhoto, match=r"is not taken here: the package .* is not installed"):
        decoded(files[kind], tmp_path)


def test_a_codec_is_there_for_each_format_that_libvips_does_not_read() -> None:
    by_libvips = {"JPEG", "PNG", "TIFF", "WEBP", "AVIF"}
    assert {each.name for each in Format} - by_libvips - {"BMP"} == {each.name for each in CODECS}
