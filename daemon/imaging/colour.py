"""Colour spaces: what the network sees, and sRGB colours in a photo's own space."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.imaging import vips
from daemon.raster import Pixels, Raster

SRGB: bytes = vips.built_in_profile("srgb")

_RELATIVE = {"intent": "relative", "black_point_compensation": True}


def small_srgb8(raster: Raster, long_side: int) -> tuple[NDArray[np.uint8], float]:
    """A copy to look at, and how many times as large the photo is; it is never enlarged.

    Returns:
        As ``to_srgb8``, and at least 1.
    """
    scale = max(1.0, max(raster.size) / long_side)
    if scale == 1.0:
        return to_srgb8(raster), scale
    size = tuple(max(1, round(side / scale)) for side in raster.size)
    pixels = cv2.resize(raster.pixels, size, interpolation=cv2.INTER_AREA)
    return to_srgb8(replace(raster, pixels=pixels)), scale


def to_srgb8(raster: Raster) -> NDArray[np.uint8]:
    """The photo as the network and the steps see it.

    16 bits are rounded to 8 before the conversion, not after it: that is several times faster, and
    the network cannot tell.

    Returns:
        (height, width, 3) uint8 sRGB, converted relative colorimetrically with black point
        compensation. May be the raster's own array: not to be written to.
    """
    pixels = to_8_bit(raster.pixels)
    if is_srgb(raster.icc):
        return pixels
    return vips.array(_transformed(vips.image(pixels, icc=raster.icc), "srgb", np.dtype(np.uint8)))


def to_8_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """The same picture in 8 bits, rounded; an array of 8 bits is returned as it is."""
    if pixels.dtype == np.uint8:
        return pixels  # type: ignore[return-value] # numpy's dtypes do not narrow a union
    return cv2.convertScaleAbs(pixels, alpha=1 / 257)  # type: ignore[no-any-return] # no stubs


def from_srgb(colour: tuple[int, int, int], icc: bytes, dtype: Any) -> tuple[int, int, int]:
    """An sRGB colour in another space.

    Args:
        colour: red, green and blue, 0 to 255.
        icc: a profile that ``is_usable``, such as a Raster's.
        dtype: uint8 or uint16.

    Returns:
        Red, green and blue over the whole range of ``dtype``.
    """
    swatch = np.array([[colour]], dtype=np.uint8)
    # In 8 bits first: in 16 lcms makes white a trace less than white.
    converted = _to_depth(convert(swatch, SRGB, icc, np.uint8), np.dtype(dtype))
    red, green, blue = converted[0, 0].tolist()
    return red, green, blue


def convert(pixels: Pixels, source: bytes, target: bytes, dtype: Any) -> Pixels:
    """A picture in another space and depth.

    Args:
        pixels: (height, width, 3) in the space of ``source``.
        source: a profile that ``is_usable``.
        target: likewise.
        dtype: uint8 or uint16.

    Returns:
        (height, width, 3) of ``dtype``, converted relative colorimetrically with black point
        compensation.
    """
    dtype = np.dtype(dtype)
    if source == target or (is_srgb(source) and is_srgb(target)):
        return _to_depth(pixels, dtype)
    with _on_disk(target) as path:
        return vips.array(_transformed(vips.image(pixels, icc=source), path, dtype))


def claims(icc: bytes, space: bytes) -> bool:
    """Whether its header says that it is a whole profile for b"RGB ", b"GRAY" or b"CMYK"."""
    whole = len(icc) >= 132 and int.from_bytes(icc[:4], "big") <= len(icc)
    return whole and icc[36:40] == b"acsp" and icc[16:20] == space


@lru_cache(maxsize=16)
def is_usable(icc: bytes) -> bool:
    """Whether it is an intact RGB profile that converts both ways."""
    if not claims(icc, b"RGB "):
        return False
    lab = vips.image(_cube(), icc=SRGB).icc_import(embedded=True, **_RELATIVE)
    try:
        exported = vips.array(vips.tagged(lab, icc).icc_export(depth=8, **_RELATIVE))
    except vips.Error:
        return False
    return bool(exported.shape[2] == 3)


@lru_cache(maxsize=16)
def converts(icc: bytes, space: bytes) -> bool:
    """Whether it is a profile for b"RGB ", b"GRAY" or b"CMYK" that leads to sRGB."""
    if not claims(icc, space):
        return False
    bands, interpretation = {b"RGB ": (3, "srgb"), b"GRAY": (1, "b-w"), b"CMYK": (4, "cmyk")}[space]
    grey = vips.image(_cube()[:, :, 0])
    sample = grey if bands == 1 else grey.bandjoin([grey] * (bands - 1))
    sample = sample.copy(interpretation=interpretation)
    try:
        # Not embedded: libvips would answer a profile that it cannot open with another one.
        with _on_disk(icc) as path:
            vips.array(sample.icc_transform("srgb", input_profile=path, **_RELATIVE))
    except vips.Error:
        return False
    return True


@lru_cache(maxsize=16)
def is_srgb(icc: bytes) -> bool:
    """Whether a usable profile's colours are sRGB's, whatever it calls itself."""
    if icc == SRGB:
        return True
    cube = _cube()
    seen = vips.array(_transformed(vips.image(cube, icc=icc), "srgb", cube.dtype))
    return int(cv2.absdiff(cube, seen).max()) <= 1


def imported(image: vips.Image, *, fallback: str, dtype: np.dtype[Any]) -> vips.Image:
    """An image of any space in sRGB, through its embedded profile where that works.

    Args:
        image: without alpha; grey, CMYK or RGB.
        fallback: libvips' profile to use without a working embedded one: srgb or cmyk.
        dtype: uint8 or uint16.
    """
    return _transformed(image, "srgb", dtype, fallback)


def _transformed(
    image: vips.Image, target: str, dtype: np.dtype[Any], fallback: str = "srgb"
) -> vips.Image:
    source: dict[str, Any] = {"embedded": True, "input_profile": fallback, **_RELATIVE}
    depth = dtype.itemsize * 8
    if image.format == "uchar":
        return image.icc_transform(target, depth=depth, **source)
    # In one go lcms takes 16 bits through a coarse grid: saturated colours came out as much as 12
    # levels of 8 bits off. By way of Lab in floats it was 1.2.
    lab = image.icc_import(**source)
    return lab.icc_export(output_profile=target, depth=depth, **_RELATIVE)


def _cube() -> NDArray[np.uint8]:
    """9 x 9 x 9 colours that span the RGB space, as a picture of 27 by 27 pixels."""
    axis = np.linspace(0, 255, 9).round().astype(np.uint8)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(27, 27, 3)


def _to_depth(pixels: Pixels, dtype: np.dtype[Any]) -> Pixels:
    if pixels.dtype == dtype:
        return pixels
    return to_8_bit(pixels) if dtype == np.uint8 else pixels.astype(np.uint16) * np.uint16(257)


@contextmanager
def _on_disk(icc: bytes) -> Iterator[str]:
    """A path that libvips can load the profile from, which never touches a disk."""
    descriptor = os.memfd_create("profile.icc")
    try:
        os.write(descriptor, icc)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
