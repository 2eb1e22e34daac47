"""What is no photo of ours is refused by its first bytes, with its real name."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging.decode import decode


def foreign(save_as: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(out, save_as)
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photo.jpg", b"x" * 100)
    return out.getvalue()


FILM = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(100)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>'


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"Dear scanner, this is no photo at all. Yours, a text.", "text"),
        (foreign("GIF"), "GIF"),
        (foreign("PDF"), "PDF"),
        (FILM, "a film or another MP4-like file"),
        (SVG, "SVG"),
        (b'<?xml version="1.0"?>' + SVG, "XML or SVG"),
        (zipped(), "a ZIP archive"),
        (random.Random(1).randbytes(5000), "this kind of file"),
        (b"BM" + b"just a text about BMW cars", "text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_foreign_file_is_refused_by_name(data: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(NotAPhoto, match=f"^{name} is not taken; JPEG, PNG, TIFF"):
        decode(path, max_pixels=10**6)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", bytes(5000)])
def test_a_file_that_has_hardly_begun_is_not_ready(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(NotReady):
        decode(path, max_pixels=10**6)


def test_the_name_plays_no_part(made: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.gif"
    path.write_bytes(made)
    assert decode(path, max_pixels=10**6).size == (160, 200)
