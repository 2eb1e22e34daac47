"""Pictures saved by other programs, whatever channels they have."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import tifffile
from PIL import Image


def saved(image: Image.Image, save_as: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, save_as, **options)
    return out.getvalue()


def as_tiff(pixels: np.ndarray, **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, **options)
    return out.getvalue()
