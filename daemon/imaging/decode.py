"""A photo file into pixels: upright, RGB, in the photo's own colour space and depth."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import cv2

from daemon.errors import NotAPhoto, NotReady, PhotoError, SourceTrouble, TooManyPixels
from daemon.imaging import bmp, tiff, vips
from daemon.imaging.channels import in_rgb
from daemon.imaging.colour import SRGB
from daemon.imaging.extent import demand, demand_whole
from daemon.imaging.formats import HEAD_BYTES, Format, sniff
from daemon.photo import Dpi, Pixels, Raster

_MM_PER_INCH = 25.4
_ABSURD_PER_MM = 4000.0
_UNKNOWN_IN_PNG = (2.834, 2.834)
"""libvips' answer for a PNG without resolution; one of 72 dpi says 2.835."""

_UPRIGHT: dict[int, tuple[bool, int | None]] = {
    2: (False, 1),
    3: (False, -1),
    4: (False, 0),
    5: (True, None),
    6: (True, 1),
    7: (True, -1),
    8: (True, 0),
}
"""EXIF orientation -> (transpose, then cv2.flip's code)."""


def decode(path: Path, *, max_pixels: int) -> Raster:
    """Read a photo upright, in its own RGB space and depth.

    An RGB photo keeps its numbers and its embedded profile. Grey, CMYK and Lab are converted to
    sRGB, and so is RGB whose profile only works one way or not at all; alpha is put over white.
    Of several pages or frames the first is read, and the raster's warnings say so.

    Args:
        path: a regular file; its name plays no part.
        max_pixels: the most it may have, width times height.

    Raises:
        NotReady: it ends early or is damaged; it may still be being written.
        NotAPhoto: a format, or a kind of one, that we do not take.
        TooManyPixels: refused by its header, before any memory was taken.
        SourceTrouble: it could not be read; with the errno.
    """
    try:
        with path.open("rb") as file:
            return _decode(file, max_pixels)
    except OSError as error:
        raise SourceTrouble(f"cannot be read: {error.strerror}", error.errno or 0) from error


def _decode(file: BinaryIO, max_pixels: int) -> Raster:
    opened = _Opened(file.fileno(), os.fstat(file.fileno()).st_size)
    head = opened.read(0, HEAD_BYTES)
    kind = sniff(head)
    if kind is Format.BMP:
        return _decode_bmp(opened, head, max_pixels)
    if kind is Format.PNG and len(head) >= 24:
        # libvips opens no PNG without pixels; this one may still lack them.
        _demand_at_most(max_pixels, *struct.unpack_from(">II", head, 16))
    return _decode_by_vips(kind, vips.Source(file), opened, max_pixels)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The same open file, read without moving the position that libvips reads from."""

    descriptor: int
    size_bytes: int

    def read(self, offset: int, size: int) -> bytes:
        if offset >= self.size_bytes:
            return b""
        return os.pread(self.descriptor, size, offset)


def _decode_bmp(opened: _Opened, head: bytes, max_pixels: int) -> Raster:
    header = bmp.parse(head)
    _demand_at_most(max_pixels, header.width, header.height)
    demand(header.needed_bytes, opened.size_bytes)
    return Raster(bmp.decode(opened.read(0, opened.size_bytes)), SRGB, header.dpi)


def _decode_by_vips(kind: Format, source: vips.Source, opened: _Opened, max_pixels: int) -> Raster:
    try:
        image = vips.load(kind.name.lower(), source)
        _demand_at_most(max_pixels, image.width, image.height)
        tags = _demand_whole(kind, opened)
        converted = in_rgb(image, extra_samples=tags.get(tiff.EXTRA_SAMPLES))
        pixels: Pixels = vips.array(converted.image)
    except vips.Error as error:
        source.raise_trouble()
        _demand_whole(kind, opened)  # says better what is wrong
        raise _verdict(kind, error) from error
    source.raise_trouble()  # libvips may have gone on with whatever was in its memory
    orientation = vips.fact(image, "orientation", 1)
    return Raster(
        upright(pixels, orientation),
        converted.icc,
        _dpi(kind, image, orientation),
        (*_pages(kind, image), *converted.warnings),
    )


def _demand_at_most(max_pixels: int, width: int, height: int) -> None:
    if width * height > max_pixels:
        size = f"{width} x {height} are {width * height / 1e6:,.1f} megapixels"
        raise TooManyPixels(f"{size}; the limit is {max_pixels / 1e6:,.1f}")


def _demand_whole(kind: Format, opened: _Opened) -> dict[int, int]:
    """Page 1's tags of a TIFF; none of other formats."""
    if kind is not Format.TIFF:
        demand_whole(kind, opened.read, opened.size_bytes)
        return {}
    tags = tiff.first_directory(opened.read, opened.size_bytes)
    tiff.refuse_unusual(tags)
    return tags


def _verdict(kind: Format, error: Exception) -> PhotoError:
    told = vips.one_line(error)
    # libtiff's words for a compression that it knows but was built without.
    if "not configured" in told or "not implemented" in told:
        return NotAPhoto(f"{kind.value} of a kind that is not taken: {told}")
    return NotReady(f"{kind.value} ends early or is damaged: {told}")


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror as the EXIF orientation, 1 to 8, demands; 1 and nonsense change nothing."""
    transpose, flip = _UPRIGHT.get(orientation, (False, None))
    if transpose:
        pixels = cv2.transpose(pixels)
    return pixels if flip is None else cv2.flip(pixels, flip)


def _dpi(kind: Format, image: vips.Image, orientation: int) -> Dpi | None:
    """What the file says; libvips answers 25.4 or 72 where it says nothing."""
    per_mm = image.xres, image.yres
    if kind is Format.PNG:
        known = per_mm != _UNKNOWN_IN_PNG
    else:
        known = vips.fact(image, "resolution-unit", "") != ""
    if kind is Format.WEBP:  # libvips does not look into its EXIF
        per_mm = _exif_per_mm(image)
    if not known or not all(0 < density < _ABSURD_PER_MM for density in per_mm):
        return None
    # Files keep whole dots per metre or the like: 300 dpi come as 299.9994.
    across, down = (round(density * _MM_PER_INCH, 2) for density in per_mm)
    return (down, across) if orientation >= 5 else (across, down)


def _exif_per_mm(image: vips.Image) -> tuple[float, float]:
    unit_mm = 10.0 if vips.fact(image, "resolution-unit", "") == "cm" else _MM_PER_INCH
    # Given as "300/1 (300, Rational, ...)".
    given = (vips.fact(image, f"exif-ifd0-{axis}Resolution", "0/1 ") for axis in "XY")
    across, down = (Fraction(text.split(" ")[0]) / Fraction(unit_mm) for text in given)
    return float(across), float(down)


def _pages(kind: Format, image: vips.Image) -> tuple[str, ...]:
    count = vips.fact(image, "n-pages", 1)
    what = "page" if kind is Format.TIFF else "frame"
    return (f"{what} 1 of {count} read",) if count > 1 else ()
