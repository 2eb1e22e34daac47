"""Files of the formats that phones, cameras and editors write, made by other programs than ours."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pillow_heif
import tifffile
from PIL import Image
from psd_tools import PSDImage

_XYZ_OF_SRGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.5, 1.0, 0.6])
"""What a sensor makes of white: the camera's own balance has to mend it."""
_FULL = 60_000
_CFA, _LINEAR = 32803, 34892


def heic(picture: np.ndarray, **options: Any) -> bytes:
    """By x265, as phones do it; uint16 is written with 10 bit."""
    deep = picture.dtype == np.uint16
    mode = ("L" if picture.ndim == 2 else "RGB") + (";16" if deep else "")
    size = picture.shape[1], picture.shape[0]
    made = pillow_heif.from_bytes(mode=mode, size=size, data=picture.tobytes())
    out = io.BytesIO()
    made.save(out, **{"quality": 95, "chroma": 444, **options})
    return out.getvalue()


def saved(picture: np.ndarray, save_as: str, **options: Any) -> bytes:
    """By Pillow."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, save_as, **options)
    return out.getvalue()


def psd(picture: np.ndarray) -> bytes:
    """By psd-tools, 8 bit."""
    out = io.BytesIO()
    PSDImage.frompil(Image.fromarray(picture)).save(out)
    return out.getvalue()


def _ratios(values: Any) -> list[int]:
    return [part for each in np.ravel(values) for part in (round(float(each) * 10**6), 10**6)]


def dng_tags() -> list[tuple[int, Any, int, Any, bool]]:
    """What says of a TIFF that it is a DNG."""
    from_xyz = np.diag(_WHITE) @ np.linalg.inv(_XYZ_OF_SRGB)
    return [
        (50706, "B", 4, (1, 4, 0, 0), True),
        (50707, "B", 4, (1, 1, 0, 0), True),
        (50708, "s", 0, "Test Camera", True),
        (50721, "2i", 9, _ratios(from_xyz), True),
        (50728, "2I", 3, _ratios(_WHITE), True),
        (50714, "I", 1, 0, True),
        (50717, "I", 1, _FULL, True),
        (50778, "H", 1, 21, True),
        (271, "s", 0, "Test", True),
        (272, "s", 0, "Camera", True),
    ]


def sensed(picture: np.ndarray) -> np.ndarray:
    """(height, width, 3) uint16: what a sensor with sRGB's primaries makes of an 8-bit picture."""
    share = picture / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray((linear * _WHITE * _FULL).round(), np.uint16)


def dng(picture: np.ndarray, **options: Any) -> bytes:
    """A camera's: one value a pixel, in the usual pattern."""
    values = sensed(picture)
    mosaic = values[:, :, 1].copy()
    mosaic[0::2, 0::2] = values[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = values[1::2, 1::2, 2]
    pattern = [(33421, "H", 2, (2, 2), True), (33422, "B", 4, (0, 1, 1, 2), True)]
    return _dng(mosaic, _CFA, pattern, **options)


def linear_dng(picture: np.ndarray, **options: Any) -> bytes:
    """A scanner's: three values a pixel."""
    return _dng(sensed(picture), _LINEAR, [], **options)


def _dng(values: np.ndarray, photometric: int, tags: list[Any], **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(
        out,
        values,
        photometric=photometric,
        extratags=[*dng_tags(), *tags],
        metadata=None,
        software="",
        **options,
    )
    return out.getvalue()
