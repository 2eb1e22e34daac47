"""The matte that a result holds: its only plane, or its alpha."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from daemon.errors import NotAPhoto, TooManyPixels
from daemon.imaging import vips
from daemon.imaging.formats import HEAD_BYTES, sniff

Kind = Literal["matte", "cutout", "picture"]
_KINDS: dict[int, Kind] = {1: "matte", 3: "picture", 4: "cutout"}
_LOADERS = ("png", "tiff", "webp", "jpeg")
"""Of the formats that results are filed in."""


def kind_of(path: Path) -> tuple[Kind, tuple[int, int]]:
    """What a result shows, told by its planes; and its (width, height).

    Raises:
        NotAPhoto: it is no such picture.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        image = opened(file)
        return _kind(image), (image.width, image.height)


def alpha_of(path: Path, *, max_pixels: int) -> NDArray[np.uint16] | None:
    """The matte in a result.

    Args:
        path: a regular file.
        max_pixels: the most it may have.

    Returns:
        (height, width), 65535 is opaque; None of a picture that has none.

    Raises:
        NotAPhoto: it is no such picture, or is damaged.
        TooManyPixels: refused before any memory was taken.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        image = opened(file)
        if image.width * image.height > max_pixels:
            raise TooManyPixels(f"{image.width} x {image.height} pixels")
        if _kind(image) == "picture":
            return None
        try:
            plane = np.asarray(vips.array(image[image.bands - 1]))
        except vips.Error as error:
            raise NotAPhoto(f"damaged: {vips.one_line(error)}") from error
    if plane.dtype == np.uint8:
        return plane.astype(np.uint16) * np.uint16(257)
    return plane.astype(np.uint16)


def _kind(image: vips.Image) -> Kind:
    if image.interpretation == "cmyk":
        return "picture"
    if image.bands not in _KINDS:
        raise NotAPhoto(f"a picture of {image.bands} planes")
    return _KINDS[image.bands]


def opened(file: BinaryIO) -> vips.Image:
    """A result, not computed yet; the file has to stay open until it is.

    Raises:
        NotAPhoto: it is no picture of a format that results are filed in.
    """
    form = sniff(file.read(HEAD_BYTES)).name.lower()
    file.seek(0)
    if form not in _LOADERS:
        raise NotAPhoto(f"results are not filed as {form}")
    try:
        return vips.load(form, vips.Source(file))
    except vips.Error as error:
        raise NotAPhoto(f"damaged: {vips.one_line(error)}") from error
