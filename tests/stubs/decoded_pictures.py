"""Files decoded as the daemon does it, and compared with what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.imaging.decode import decode
from daemon.raster import Raster

MOST = 10**6


def decoded(data: bytes, tmp_path: Path, *, max_pixels: int = MOST) -> Raster:
    path = tmp_path / "photo"
    path.write_bytes(data)
    return decode(path, max_pixels=max_pixels)


def off(raster: Raster, picture: np.ndarray) -> float:
    """Mean difference from a picture of 8 bits, in its levels."""
    full = 65535 if raster.pixels.dtype == np.uint16 else 255
    assert raster.pixels.shape == picture.shape
    return float(np.abs(raster.pixels / full * 255 - picture).mean())
