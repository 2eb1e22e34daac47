"""What was written comes back the same through other programs."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from daemon.errors import ResultsTrouble
from daemon.imaging.colour import SRGB
from daemon.imaging.decode import decode
from daemon.imaging.encode import write_png, write_tiff

WRITERS = {"png": write_png, "tiff": write_tiff}


@pytest.fixture(params=["grey", "rgb", "rgba"])
def pixels(request: pytest.FixtureRequest, picture: np.ndarray) -> np.ndarray:
    if request.param == "grey":
        return np.ascontiguousarray(picture[:, :, 0])
    return picture if request.param == "rgb" else np.dstack((picture, picture[:, :, 0]))


@pytest.mark.parametrize("deep", [False, True])
def test_a_png_comes_back_as_it_was(pixels: np.ndarray, tmp_path: Path, *, deep: bool) -> None:
    given = pixels.astype(np.uint16) * 256 + 99 if deep else pixels
    write_png(tmp_path / "out", given, icc=None, dpi=None)
    back = cv2.imread(str(tmp_path / "out"), cv2.IMREAD_UNCHANGED)
    if given.ndim == 3:
        back[:, :, :3] = back[:, :, 2::-1]
    assert back.dtype == given.dtype
    assert (back == given).all()


@pytest.mark.parametrize("compression", ["deflate", "lzw", "none"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_tiff_comes_back_as_it_was(
    pixels: np.ndarray, tmp_path: Path, compression: str, *, deep: bool
) -> None:
    given = pixels.astype(np.uint16) * 256 + 99 if deep else pixels
    write_tiff(tmp_path / "out", given, icc=None, dpi=None, compression=compression)  # type: ignore[arg-type] # a parameter is no literal
    if compression == "lzw":
        if deep and given.ndim == 3:
            pytest.skip(
                "neither Pillow nor tifffile reads 16-bit LZW in colour, so nobody can check it"
            )
        back = np.asarray(Image.open(tmp_path / "out"))
    else:
        back = tifffile.imread(tmp_path / "out")
    assert (back == given).all()


def test_alpha_of_a_tiff_is_marked_as_straight(picture: np.ndarray, tmp_path: Path) -> None:
    write_tiff(tmp_path / "out", np.dstack((picture, picture[:, :, 0])), icc=SRGB, dpi=None)
    with tifffile.TiffFile(tmp_path / "out") as file:
        assert file.pages[0].tags["ExtraSamples"].value == (2,)  # type: ignore[union-attr] # a page, not a frame


@pytest.mark.parametrize("kind_of_file", WRITERS)
@pytest.mark.parametrize("dpi", [(300.0, 300.0), (1200.0, 600.0), (72.0, 72.0), (96.5, 33.3)])
def test_resolution_and_profile_are_kept(
    pixels: np.ndarray,
    kind_of_file: str,
    dpi: tuple[float, float],
    wide_gamut: bytes,
    tmp_path: Path,
) -> None:
    icc = None if pixels.ndim == 2 else wide_gamut
    path = tmp_path / "out"
    WRITERS[kind_of_file](path, pixels, icc=icc, dpi=dpi)
    with Image.open(path) as image:
        assert image.info["dpi"] == pytest.approx(dpi, abs=0.05)
        assert image.info.get("icc_profile") == icc
    assert decode(path, max_pixels=10**6).dpi == pytest.approx(dpi, abs=0.05)


@pytest.mark.parametrize("kind_of_file", WRITERS)
def test_an_unknown_resolution_is_written_as_what_readers_assume(
    picture: np.ndarray, kind_of_file: str, tmp_path: Path
) -> None:
    WRITERS[kind_of_file](tmp_path / "out", picture, icc=SRGB, dpi=None)
    with Image.open(tmp_path / "out") as image:
        assert image.info["dpi"] == pytest.approx((72, 72), abs=0.05)


@pytest.mark.parametrize("kind_of_file", WRITERS)
def test_an_earlier_attempt_s_longer_file_is_overwritten(
    picture: np.ndarray, kind_of_file: str, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    WRITERS[kind_of_file](path, picture, icc=SRGB, dpi=None)
    fresh = path.read_bytes()
    path.write_bytes(bytes(10**6))
    WRITERS[kind_of_file](path, picture, icc=SRGB, dpi=None)
    assert path.read_bytes() == fresh


@pytest.mark.parametrize("kind_of_file", WRITERS)
def test_a_full_disk_is_trouble_with_its_errno(picture: np.ndarray, kind_of_file: str) -> None:
    with pytest.raises(ResultsTrouble) as caught:
        WRITERS[kind_of_file](Path("/dev/full"), picture, icc=SRGB, dpi=None)
    assert caught.value.errno == errno.ENOSPC
    assert "No space left on device" in str(caught.value)


TOO_LONG = """
import resource, signal, sys
from pathlib import Path
from typing import Any
import numpy as np
from daemon.errors import ResultsTrouble
from daemon.imaging import encode

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
try:
    getattr(encode, "write_" + sys.argv[1])(Path(sys.argv[2]), noise, icc=None, dpi=None)
except ResultsTrouble as error:
    print(error.errno)
"""


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("kind_of_file", WRITERS)
def test_a_disk_that_fills_up_midway_is_trouble_with_its_errno(
    kind_of_file: str, tmp_path: Path
) -> None:
    """A limit on the file's size stands for the disk: it too strikes in the middle of the file."""
    out = tmp_path / "out"
    ran = subprocess.run(
        [sys.executable, "-c", TOO_LONG, kind_of_file, str(out)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == str(errno.EFBIG)
    assert ran.stderr == ""
    assert out.stat().st_size <= 50_000


def test_a_missing_folder_is_trouble_with_its_errno(picture: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ResultsTrouble) as caught:
        write_png(tmp_path / "gone" / "out.png", picture, icc=SRGB, dpi=None)
    assert caught.value.errno == errno.ENOENT


def test_a_read_only_place_is_trouble_with_its_errno(picture: np.ndarray) -> None:
    with pytest.raises(ResultsTrouble) as caught:
        write_png(Path("/proc/version"), picture, icc=SRGB, dpi=None)
    assert caught.value.errno in {errno.EACCES, errno.EPERM, errno.EIO, errno.EROFS, errno.EINVAL}
    assert os.strerror(caught.value.errno) in str(caught.value)


def test_a_strided_view_is_written_right(picture: np.ndarray, tmp_path: Path) -> None:
    write_png(tmp_path / "out", picture[::2, ::-1], icc=None, dpi=None)
    back = Image.open(io.BytesIO((tmp_path / "out").read_bytes()))
    assert (np.asarray(back) == picture[::2, ::-1]).all()


@pytest.mark.parametrize("deep", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", WRITERS)
def test_alpha_that_comes_apart_makes_the_same_file(
    tmp_path: Path, name: str, deep: type[np.unsignedinteger[Any]]
) -> None:
    """Joined row by row as they are written, colours and alpha need no third array of both."""
    four = np.random.default_rng(2).integers(0, np.iinfo(deep).max, (70, 90, 4), deep)
    WRITERS[name](tmp_path / "whole", four, icc=SRGB, dpi=(300, 300))
    colours, alpha = four[..., :3], four[..., 3]
    WRITERS[name](tmp_path / "apart", colours, icc=SRGB, dpi=(300, 300), alpha=alpha)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "apart").read_bytes()
