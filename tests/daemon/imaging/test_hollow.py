"""Room that was reserved and never filled is told from a photo that is black at its end."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from daemon.errors import NotReady
from daemon.imaging.decode import decode
from daemon.imaging.hollow import doubt


def pixels(height: int = 300, width: int = 400) -> np.ndarray:
    return np.random.default_rng(1).integers(1, 255, (height, width, 3), np.uint8)


def bmp(array: np.ndarray) -> bytes:
    return cv2.imencode(".bmp", array)[1].tobytes()


def tiff(array: np.ndarray) -> bytes:
    """With its directory in front, as many scanners and tifffile write it."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, photometric="rgb")
    return file.getvalue()


def webp(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "WEBP", quality=95)
    return file.getvalue()


def stalled(data: bytes, share: float) -> bytes:
    kept = int(len(data) * share)
    return data[:kept] + bytes(len(data) - kept)


@pytest.mark.parametrize("encode", [bmp, tiff, webp])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_copy_that_stalled_is_doubtful_and_a_whole_one_is_not(
    encode: Callable[[np.ndarray], bytes], share: float, tmp_path: Path
) -> None:
    data = encode(pixels())
    whole, half = tmp_path / "whole", tmp_path / "half"
    whole.write_bytes(data)
    half.write_bytes(stalled(data, share))
    assert doubt(whole) is None
    assert "never filled" in (doubt(half) or "")


@pytest.mark.parametrize("encode", [bmp, tiff])
def test_it_would_have_been_decoded_as_half_black(
    encode: Callable[[np.ndarray], bytes], tmp_path: Path
) -> None:
    """Why anybody has to look at the zeros: no decoder complains."""
    (tmp_path / "half").write_bytes(stalled(encode(pixels()), 0.5))
    raster = decode(tmp_path / "half", max_pixels=10**7)
    assert (raster.pixels == 0).all(axis=2).mean() > 0.4


def test_a_thin_black_border_is_no_doubt(tmp_path: Path) -> None:
    array = pixels(3000, 400)
    array[-40:] = 0
    array[:40] = 0  # a BMP's last rows are the picture's first
    for name, encode in (("a", bmp), ("b", tiff)):
        (tmp_path / name).write_bytes(encode(array))
        assert doubt(tmp_path / name) is None


def test_what_has_an_end_mark_is_left_to_its_decoder(tmp_path: Path) -> None:
    for ext in (".png", ".jpg"):
        data = cv2.imencode(ext, pixels())[1].tobytes()
        (tmp_path / "padded").write_bytes(data + bytes(100_000))
        assert doubt(tmp_path / "padded") is None
        decode(tmp_path / "padded", max_pixels=10**7)
        (tmp_path / "half").write_bytes(stalled(data, 0.5))
        with pytest.raises(NotReady):
            decode(tmp_path / "half", max_pixels=10**7)


def test_a_large_png_of_zeros_is_told_at_once(tmp_path: Path) -> None:
    with (tmp_path / "half").open("wb") as file:
        file.write(cv2.imencode(".png", pixels())[1].tobytes()[:-12])
        file.truncate(400 << 20)
    began_s = time.process_time()
    with pytest.raises(NotReady, match="nothing but zeros from byte"):
        decode(tmp_path / "half", max_pixels=10**7)
    assert time.process_time() - began_s < 2


def test_files_of_any_size_and_kind_are_taken(tmp_path: Path) -> None:
    for data in (b"", b"BM", bytes(100_000), b"II*\0" + bytes(10), b"no photo" * 1000):
        (tmp_path / "odd").write_bytes(data)
        assert doubt(tmp_path / "odd") is None
