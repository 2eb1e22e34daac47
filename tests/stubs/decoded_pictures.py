"""Files decoded as the daemon does it, and compared with what is in them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

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


def by_littlecms(picture: Image.Image, source: bytes, target: bytes) -> np.ndarray:
    """What another colour engine makes of a picture from one profile to another, in RGB."""
    made, wanted = (ImageCms.ImageCmsProfile(io.BytesIO(icc)) for icc in (source, target))
    converted = ImageCms.profileToProfile(
        picture,
        made,
        wanted,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None
    return np.asarray(converted)
