"""A photo file into pixels: upright, RGB, in the photo's own colour space and depth."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2

from daemon.errors import NotAPhoto, NotReady, PhotoError, SourceTrouble, TooManyPixels
from daemon.imaging import bmp, declared, exif, jpeg, metadata, pages, png, resolution, vips
from daemon.imaging.channels import in_rgb
from daemon.imaging.colour import SRGB
from daemon.imaging.exif import Exif
from daemon.imaging.extent import demand, demand_whole
from daemon.imaging.formats import HEAD_BYTES, Format, sniff
from daemon.imaging.guard import harmless
from daemon.imaging.spliced import Spliced
from daemon.imaging.tiff import Tiff
from daemon.photo import Pixels, Raster

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


def decode(path: Path, *, max_pixels: int, last_look: bool = False) -> Raster:
    """Read a photo upright, in its own RGB space and depth.

    An RGB photo keeps its numbers and gets the profile that describes them: the embedded one, or
    what Exif or PNG's and BMP's own means say. Grey, CMYK and Lab are converted to sRGB, and so is
    RGB whose profile only works one way, not at all, or for no encoder; alpha is put over white.
    Of several pages or frames one is read, and the raster's warnings say so; a page that is only a
    smaller copy of another is none.

    Args:
        path: a regular file; its name plays no part.
        max_pixels: the most it may have, width times height.
        last_look: nothing more is going to be written, so a page that is whole is taken from a
            TIFF that ends early behind it.

    Raises:
        NotReady: it ends early or is damaged; it may still be being written.
        NotAPhoto: a format, or a kind of one, that we do not take.
        TooManyPixels: refused by its header, before any memory was taken.
        SourceTrouble: it could not be read; with the errno.
    """
    try:
        with path.open("rb") as file:
            return _decode(file, max_pixels, last_look=last_look)
    except OSError as error:
        raise SourceTrouble(f"cannot be read: {error.strerror}", error.errno or 0) from error


def _decode(file: BinaryIO, max_pixels: int, *, last_look: bool) -> Raster:
    opened = _Opened(file.fileno(), os.fstat(file.fileno()).st_size)
    head = opened.read(0, HEAD_BYTES)
    kind = sniff(head)
    if kind is Format.BMP:
        return _decode_bmp(opened, head, max_pixels)
    if kind is Format.PNG and len(head) >= 24:
        # libvips opens no PNG without pixels; this one may still lack them.
        _demand_at_most(max_pixels, *struct.unpack_from(">II", head, 16))
    return _decode_by_vips(_found(kind, file, opened, last_look=last_look), opened, max_pixels)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The same open file, read without moving the position that libvips reads from."""

    descriptor: int
    size_bytes: int

    def read(self, offset: int, size: int) -> bytes:
        if offset >= self.size_bytes:
            return b""
        return os.pread(self.descriptor, size, offset)


@dataclass(frozen=True, slots=True)
class _Found:
    """The photo in a file, before libvips sees it."""

    kind: Format
    source: vips.Source
    page: pages.Page | None = None
    """Of a TIFF."""
    exif: Exif | None = None
    """Of a TIFF; libvips finds that of other formats."""
    warnings: tuple[str, ...] = ()

    @property
    def where(self) -> dict[str, int]:
        """What libvips' loader has to be told."""
        return {"page": self.page.number, "subifd": self.page.sub} if self.page else {}


def _found(kind: Format, file: BinaryIO, opened: _Opened, *, last_look: bool) -> _Found:
    if kind is Format.TIFF:
        tiff = Tiff(opened.read, opened.size_bytes)
        chosen = pages.choose(tiff, last_look=last_look)
        told = harmless(lambda: exif.of_page(tiff, chosen.page.directory), exif.NONE)
        if chosen.is_cut:
            at, size = chosen.page.directory.next_at, tiff.layout.size(tiff.layout.offset)
            file = Spliced(file, at, at + size, bytes(size))
        return _Found(kind, vips.Source(file), chosen.page, told, chosen.warnings)
    if kind is Format.JPEG:
        header = jpeg.header(opened.read, opened.size_bytes)
        source = vips.Source(jpeg.without_oddities(file, opened.read, header))
        count = harmless(lambda: jpeg.pictures(opened.read, header), 1)
        several = (f"picture 1 of {count} read",) if count > 1 else ()
        return _Found(kind, source, warnings=several)
    return _Found(kind, vips.Source(file))


def _decode_bmp(opened: _Opened, head: bytes, max_pixels: int) -> Raster:
    header = bmp.parse(head)
    _demand_at_most(max_pixels, header.width, header.height)
    demand(header.needed_bytes, opened.size_bytes)
    pixels = bmp.decode(opened.read(0, opened.size_bytes))
    colours = harmless(lambda: bmp.colours(opened.read), declared.SRGB)
    if colours == declared.SRGB:
        return Raster(pixels, SRGB, header.dpi)
    converted = in_rgb(vips.image(pixels), declared=colours)
    return Raster(vips.array(converted.image), converted.icc, header.dpi, converted.warnings)


def _decode_by_vips(found: _Found, opened: _Opened, max_pixels: int) -> Raster:
    try:
        image = vips.load(found.kind.name.lower(), found.source, **found.where)
        _demand_at_most(max_pixels, image.width, image.height)
        demand_whole(found.kind, opened.read, opened.size_bytes)
        told = found.exif or exif.of_block(vips.fact(image, "exif-data", b""))
        colours = _declared(found.kind, opened, told)
        extra_samples = found.page.tags.get(pages.EXTRA_SAMPLES) if found.page else None
        converted = in_rgb(image, extra_samples=extra_samples, declared=colours)
        pixels: Pixels
        pixels, doubts = vips.computed(converted.image)
    except vips.Error as error:
        found.source.raise_trouble()
        demand_whole(found.kind, opened.read, opened.size_bytes)  # says better what is wrong
        raise _verdict(found.kind, error) from error
    found.source.raise_trouble()  # libvips may have gone on with whatever was in its memory
    orientation = vips.fact(image, "orientation", 1)
    kept, left_out = metadata.of(image, told)
    doubtful = (f"an odd file, look at the result: {doubts}",) if doubts else ()
    return Raster(
        upright(pixels, orientation),
        converted.icc,
        harmless(lambda: resolution.dpi(found.kind, image, told, orientation), None),
        (*found.warnings, *_frames(image), *doubtful, *converted.warnings, *left_out),
        kept,
    )


def _declared(kind: Format, opened: _Opened, told: Exif) -> declared.Declared:
    if kind is Format.PNG:
        chunks = png.before_pixels(opened.read, opened.size_bytes, *declared.COLOUR_CHUNKS)
        by_chunks = harmless(lambda: declared.by_png(chunks), declared.SRGB)
        if chunks.keys() & set(declared.COLOUR_CHUNKS):
            return by_chunks
    return harmless(lambda: declared.by_exif(told), declared.SRGB)


def _demand_at_most(max_pixels: int, width: int, height: int) -> None:
    if width * height > max_pixels:
        size = f"{width} x {height} are {width * height / 1e6:,.1f} megapixels"
        raise TooManyPixels(f"{size}; the limit is {max_pixels / 1e6:,.1f}")


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


def _frames(image: vips.Image) -> tuple[str, ...]:
    """Of an animation; the pages of a TIFF are counted where they are chosen."""
    count = vips.fact(image, "n-pages", 1)
    animated = "webp" in vips.fact(image, "vips-loader", "")
    return (f"frame 1 of {count} read",) if count > 1 and animated else ()
