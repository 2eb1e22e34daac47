"""BMP in its old and odd kinds."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from daemon.errors import NotReady
from daemon.imaging.decode import decode


def bmp(picture: np.ndarray) -> bytearray:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "BMP")
    return bytearray(out.getvalue())


def test_the_top_row_may_come_first(picture: np.ndarray, tmp_path: Path) -> None:
    data = bmp(picture[::-1])
    struct.pack_into("<i", data, 22, -picture.shape[0])
    (tmp_path / "photo").write_bytes(data)
    assert (decode(tmp_path / "photo", max_pixels=10**6).pixels == picture).all()


def test_a_grey_palette_is_read(picture: np.ndarray, tmp_path: Path) -> None:
    grey = picture[:, :, 0]
    (tmp_path / "photo").write_bytes(bmp(grey))
    assert (decode(tmp_path / "photo", max_pixels=10**6).pixels == grey[:, :, None]).all()


def test_the_oldest_header_is_read(picture: np.ndarray, tmp_path: Path) -> None:
    """OS/2's, which knows no resolution."""
    body = bytes(bmp(picture)[54:])
    info = struct.pack("<IHHHH", 12, picture.shape[1], picture.shape[0], 1, 24)
    head = struct.pack("<2sIHHI", b"BM", 26 + len(body), 0, 0, 26)
    (tmp_path / "photo").write_bytes(head + info + body)
    raster = decode(tmp_path / "photo", max_pixels=10**6)
    assert (raster.pixels == picture).all()
    assert raster.dpi is None


def test_an_unheard_of_compression_is_refused_in_silence(
    picture: np.ndarray, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bmp(picture)
    struct.pack_into("<I", data, 30, 77)
    (tmp_path / "photo").write_bytes(data)
    with pytest.raises(NotReady, match="BMP"):
        decode(tmp_path / "photo", max_pixels=10**6)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("per_metre", [0, -1, 2**31 - 1, 4_000_000])
def test_an_absurd_resolution_is_unknown(
    picture: np.ndarray, per_metre: int, tmp_path: Path
) -> None:
    data = bmp(picture)
    struct.pack_into("<ii", data, 38, per_metre, per_metre)
    (tmp_path / "photo").write_bytes(data)
    assert decode(tmp_path / "photo", max_pixels=10**6).dpi is None
