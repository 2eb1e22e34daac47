"""A user's own trimap, named beside the photo: anna.jpg has anna.trimap.png.

It is read as a photo is: never through a link, as a private copy, bounded before it is decoded.
Whatever is wrong with it is a warning about the photo, which is then filed as without a trimap.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import PhotoError, TooManyPixels
from daemon.imaging.decode import decode
from daemon.photo import Version
from daemon.work.beside import trimap_beside
from daemon.work.snapshot import copy_in
from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN

_DARK, _BRIGHT = 85, 170
"""Greys up to the one are background, from the other on foreground; what is between is unknown."""
_BYTES_PER_PIXEL = 9
"""No PNG needs more: four channels of 16 bits, and its frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What was found beside a photo."""

    trimap: NDArray[np.uint8] | None = None
    """(height, width) of the upright photo; None: there is none that can be used."""
    warnings: tuple[str, ...] = ()


def read(source: bytes, snapshot: bytes, size: tuple[int, int]) -> Own:
    """Read the trimap of a photo, if it has one.

    Args:
        source: absolute path of the photo.
        snapshot: where a private copy may go; it is removed again.
        size: (width, height) of the upright photo.

    Raises:
        ResultsTrouble: the private copy cannot be written.
    """
    path = trimap_beside(source)
    try:
        found = os.lstat(path)
    except OSError:
        return Own()
    try:
        return Own(_read(path, found, snapshot, size))
    except PhotoError as error:
        name = os.fsdecode(os.path.basename(path)).encode("utf-8", "backslashreplace").decode()
        return Own(warnings=(f"the trimap {name} is not used: {error}",))


def _read(
    path: bytes, found: os.stat_result, snapshot: bytes, size: tuple[int, int]
) -> NDArray[np.uint8]:
    pixels = size[0] * size[1]
    if stat.S_ISREG(found.st_mode) and found.st_size > _BYTES_PER_PIXEL * pixels + (1 << 20):
        raise TooManyPixels(f"it has {found.st_size} bytes, too many for the photo's size")
    try:
        copy_in(path, snapshot, Version.of(found))
        raster = decode(Path(os.fsdecode(snapshot)), max_pixels=pixels)
    finally:
        Path(os.fsdecode(snapshot)).unlink(missing_ok=True)
    if raster.size != size:
        told = "it is {} x {}, and the photo {} x {}".format(*raster.size, *size)
        raise PhotoError(told)
    deep = raster.pixels.dtype == np.uint16
    grey = (raster.pixels[:, :, 1] >> (8 if deep else 0)).astype(np.uint8)
    unknown = np.where(grey > _DARK, np.uint8(UNKNOWN), np.uint8(BACKGROUND))
    return np.where(grey >= _BRIGHT, np.uint8(FOREGROUND), unknown)
