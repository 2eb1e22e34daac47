"""One photo at several sizes."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.intake.ignore import Rule

_REAL = Path(__file__).resolve().parents[3] / "shared" / "photos" / "man-24mp.jpg"
_GRAIN = 6.0
"""Standard deviation in 8-bit levels; without grain an enlarged photo compresses and denoises in
no time."""


def make_photos(
    folder: Path, megapixels: Iterable[float], given: Path | None = None
) -> dict[float, Path]:
    """Write the photo as JPEG at each size.

    Args:
        folder: where to.
        megapixels: the sizes.
        given: a folder whose largest photo is taken; None takes our own, or scikit-image's.

    Returns:
        Their paths, by size.
    """
    whole = original(given)
    made = {}
    for size in megapixels:
        made[size] = folder / f"{size:g}mp.jpg"
        cv2.imwrite(str(made[size]), scaled(whole, size), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return made


def scaled(pixels: NDArray[np.uint8], megapixels: float) -> NDArray[np.uint8]:
    """The same picture with so many pixels; grain is added to what has to be enlarged."""
    height, width = pixels.shape[:2]
    scale = math.sqrt(megapixels * 1e6 / (height * width))
    return _resized(pixels, (max(1, round(width * scale)), max(1, round(height * scale))))


def sized(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The middle of the same picture, in exactly this size."""
    scale = max(width / pixels.shape[1], height / pixels.shape[0])
    high, wide = math.ceil(height / scale), math.ceil(width / scale)
    top, left = (pixels.shape[0] - high) // 2, (pixels.shape[1] - wide) // 2
    return _resized(pixels[max(0, top) :][:high, max(0, left) :][:, :wide], (width, height))


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """To a width and a height."""
    if size[0] <= pixels.shape[1]:
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    large = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    grain = np.empty(large.shape[:2], np.int16)
    cv2.setRNGSeed(1926)
    cv2.randn(grain, 0, _GRAIN)
    return np.asarray(cv2.add(large, cv2.merge([grain] * 3), dtype=cv2.CV_8U), np.uint8)


def original(given: Path | None) -> NDArray[np.uint8]:
    """The photo that all sizes are made of; see ``make_photos``."""
    if given is not None:
        takes = Rule().takes
        photos = [path for path in given.iterdir() if takes(os.fsencode(path.name))]
        return _read(max(photos, key=lambda path: path.stat().st_size))
    if _REAL.exists():
        return _read(_REAL)
    from skimage.data import astronaut  # noqa: PLC0415 - only where there are no real photos

    return np.ascontiguousarray(astronaut()[..., ::-1])


def _read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)
