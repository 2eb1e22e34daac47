"""Pictures as browsers show them: 8 bit, sRGB, small or cut into tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import NotAPhoto, TooManyPixels
from daemon.imaging import vips
from daemon.imaging.planes import opened

TILE = 510
"""Pixels of a tile's side, without the one that it shares with each neighbour."""
OVERLAP = 1
_COMPARED = 256
"""Pixels of a side are enough to tell how a photo was turned."""
_SUFFIXES = {1: ".jpg[Q=90]", 3: ".jpg[Q=88]", 4: ".webp[Q=88,effort=0]"}
"""By planes; WebP for what has alpha: PNG took forty times the room in the same time."""


def extension(planes: int) -> str:
    """Of tiles of so many planes, with its dot."""
    return _SUFFIXES[planes].partition("[")[0]


def result(path: Path, *, max_pixels: int) -> vips.Image:
    """A result, to be shown: grey, RGB or RGB with straight alpha, 8 bit, sRGB.

    Raises:
        NotAPhoto: it is no picture that results are filed as.
        TooManyPixels: refused before any memory was taken.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        image = opened(file)
        if image.width * image.height > max_pixels:
            raise TooManyPixels(f"{image.width} x {image.height} pixels")
        try:
            return vips.image(np.asarray(vips.array(_in_srgb(image))))
        except vips.Error as error:
            raise NotAPhoto(f"damaged: {vips.one_line(error)}") from error


def picture(pixels: NDArray[np.uint8]) -> vips.Image:
    """An array, to be shown."""
    return vips.image(pixels)


def with_alpha(pixels: NDArray[np.uint8], matte: vips.Image) -> vips.Image:
    """A photo, cut out by a matte of its size."""
    return vips.image(np.dstack([pixels, np.asarray(vips.array(matte))]))


def alpha(image: vips.Image) -> vips.Image:
    """The matte of a cut-out."""
    return vips.image(np.asarray(vips.array(image))[:, :, 3])


def turned_like(pixels: NDArray[np.uint8], cutout: vips.Image) -> NDArray[np.uint8]:
    """A photo, turned by quarters until it lies as its cut-out does.

    Where the person is, both have the same pixels; nothing else says how it was turned.
    """
    like = np.asarray(vips.array(cutout))
    step = max(1, max(like.shape) // _COMPARED)
    small = like[::step, ::step].astype(np.float32)

    def apart(turned: NDArray[np.uint8]) -> float:
        if turned.shape[:2] != like.shape[:2]:
            return np.inf
        difference = np.abs(turned[::step, ::step] - small[:, :, :3]).mean(axis=2)
        return float((difference * small[:, :, 3]).sum())

    turns = [np.rot90(pixels, quarters) for quarters in range(4)]
    return np.ascontiguousarray(min(turns, key=apart))


def write_small(image: vips.Image, path: Path, side: int) -> None:
    """Write it as WebP, no side longer than ``side``."""
    small = image.thumbnail_image(side, height=side, size="down")
    small.webpsave(str(path), Q=80, effort=2)


def write_tiles(image: vips.Image, directory: Path, name: str) -> None:
    """Write a pyramid of tiles as Deep Zoom has it: ``name_files/LEVEL/COLUMN_ROW.EXTENSION``."""
    suffix = _SUFFIXES[image.bands]
    image.dzsave(str(directory / name), suffix=suffix, tile_size=TILE, overlap=OVERLAP)


def _in_srgb(image: vips.Image) -> vips.Image:
    deep = image.format == "ushort"
    if image.interpretation == "cmyk":
        return image.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=8)
    if image.bands < 3 or not image.get_typeof(vips.ICC):
        return image.msb() if deep else image
    colours = image.extract_band(0, n=3).icc_transform("srgb", embedded=True, depth=8)
    if image.bands == 3:
        return colours
    last = image.extract_band(3)
    return colours.bandjoin(last.msb() if deep else last)
