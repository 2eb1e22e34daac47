"""The demo's photos: a portrait that scikit-image brings along, and the same aged by a century."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.errors import MattedError

_FRAME = slice(0, 340), slice(88, 360)
"""Rows and columns of a studio portrait: head and shoulders, without the flag and the helmet beside
them. What a person carries, and what hangs behind, is where every network guesses."""
_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def make_photos(folder: Path) -> list[Path]:
    """Write the portrait and its aged version as JPEG files.

    Returns:
        Their paths.

    Raises:
        MattedError: scikit-image is not installed.
    """
    try:
        from skimage.data import astronaut  # noqa: PLC0415 - only the demo needs it
    except ImportError as error:
        what = "the demo's portrait is scikit-image's, which is not installed"
        how = f"`{sys.executable} -m pip install scikit-image`, or photos of your own by --photos"
        raise MattedError(f"{what}: {how}") from error
    portrait = astronaut()[_FRAME]  # type: ignore[no-untyped-call] # the one without hints
    made = {"astronaut.jpg": portrait, "astronaut aged.jpg": aged(portrait, seed=1926)}
    for name, pixels in made.items():
        cv2.imwrite(str(folder / name), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    return [folder / name for name in made]


def aged(pixels: NDArray[np.uint8], *, seed: int) -> NDArray[np.uint8]:
    """Sepia, faded, noisy and scratched.

    Args:
        pixels: (height, width, 3) uint8 sRGB.
        seed: of the noise.

    Returns:
        The same shape and dtype.
    """
    random = np.random.default_rng(seed)
    sepia = np.clip(pixels @ _SEPIA.T, 0, 255)
    faded = 70 + sepia * 0.6
    noisy = faded + random.normal(0, 5, pixels.shape[:2])[..., None]
    result = np.clip(noisy, 0, 255).astype(np.uint8)
    height, width = result.shape[:2]
    start, end = (int(width * 0.71), 0), (int(width * 0.66), height - 1)
    return np.asarray(cv2.line(result, start, end, (240, 232, 215), 1, cv2.LINE_AA), np.uint8)
