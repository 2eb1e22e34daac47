"""Trouble on the way to and from libvips keeps its errno, and nothing reaches the terminal."""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import subprocess
import sys
import weakref
from pathlib import Path

import cv2
import numpy as np
import pytest

from daemon.imaging import vips


class BadDisk(io.BytesIO):
    """A file with a sector that cannot be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() + (size or 0) > 20_000:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff-lzw", "webp-lossless"], indirect=True)
def test_a_failing_read_is_kept(made: bytes, kind: str) -> None:
    source = vips.Source(BadDisk(made))
    with contextlib.suppress(vips.Error):  # WebP is decoded to its end all the same
        vips.array(vips.load(kind.partition("-")[0], source))
    with pytest.raises(OSError, match="Input/output error") as caught:
        source.raise_trouble()
    assert caught.value.errno == errno.EIO


def test_what_libvips_says_becomes_one_line() -> None:
    error = ValueError("unable to call pngload\n  png: bad\n  png: bad\n png: worse\n")
    assert vips.one_line(error) == "png: bad; png: worse"


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff-tiled", "webp", "bmp"], indirect=True)
def test_decoding_rubbish_prints_nothing(made: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(made[: len(made) // 2] + np.random.default_rng(1).bytes(len(made)))
    code = (
        "import sys; from pathlib import Path\n"
        "from daemon.errors import PhotoError\n"
        "from daemon.imaging.decode import decode\n"
        "try: decode(Path(sys.argv[1]), max_pixels=10**6)\n"
        "except PhotoError: pass\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == ""
    assert ran.stderr == ""


def test_a_files_callbacks_live_as_long_as_what_is_made_of_it() -> None:
    """They went with the source, and libvips called freed memory: now and then a crash."""
    pixels = np.full((8, 9, 3), 77, np.uint8)
    source = vips.Source(io.BytesIO(cv2.imencode(".png", pixels)[1].tobytes()))
    seen = weakref.ref(source)
    image = vips.load("png", source)
    band = image[0]
    del source, image
    gc.collect()
    assert seen() is not None
    assert np.array_equal(vips.array(band), pixels[:, :, 0])
    del band
    gc.collect()
    assert seen() is None
