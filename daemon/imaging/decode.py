"""A photo file into pixels: upright, RGB, in the photo's own colour space and depth."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import cv2

from daemon.errors import NotAPhoto, NotReady, PhotoError, SourceTrouble, TooManyPixels
from daemon.imaging import bmff, bmp, declared, exif, metadata, pages, png, resolution, vips
from daemon.imaging.channels import in_rgb
from daemon.imaging.codecs import CODECS
from daemon.imaging.codecs.codec import Codec
from daemon.imaging.colour import SRGB
from daemon.imaging.exif import Exif
from daemon.imaging.extent import demand
from daemon.imaging.formats import HEAD_BYTES, Format, sniff
from daemon.imaging.guard import harmless
from daemon.imaging.opening import FoundPhoto, Opened, find
from daemon.imaging.tiff import Tiff
from daemon.raster import Pixels, Raster

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


def places(path: Path, *, last_look: bool = False) -> tuple[pages.Place, ...]:
    """Where each page of a TIFF lies that is a photo; empty for a file of another kind.

    Raises:
        NotReady, NotAPhoto, SourceTrouble: as ``decode``.
    """
    with _opened(path) as file:
        opened = Opened(file.fileno(), os.fstat(file.fileno()).st_size)
        if sniff(opened.read(0, HEAD_BYTES)) is not Format.TIFF:
            return ()
        return pages.places(Tiff(opened.read, opened.size_bytes), last_look=last_look)


def decode(
    path: Path, *, max_pixels: int, last_look: bool = False, place: pages.Place | None = None
) -> Raster:
    """Read a photo upright, in its own RGB space and depth.

    An RGB photo keeps its numbers and gets the profile that describes them: the embedded one, or
    what Exif or PNG's and BMP's own means say. Grey, CMYK and Lab are converted to sRGB, and so is
    RGB whose profile only works one way, not at all, or for no encoder; alpha is put over white.
    Of several pages or frames one is read, and the raster's warnings say so; a page that is only a
    smaller copy of another is none.

    Args:
        path: a regular file; its name plays no part.
        max_pixels: the most it may have, width times height.
        last_look: nothing more is going to be written, so a photo whose pixels are all there is
            taken though the file ends early behind them; the warnings say so.
        place: of the page to be read, one of ``places``.

    Raises:
        NotReady: it ends early or is damaged; it may still be being written.
        NotAPhoto: a format, or a kind of one, that we do not take.
        TooManyPixels: refused by its header, before any memory was taken.
        SourceTrouble: it could not be read; with the errno.
    """
    with _opened(path) as file:
        return _decode(file, max_pixels, last_look=last_look, place=place)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise SourceTrouble(f"cannot be read: {error.strerror}", error.errno or 0) from error


def _decode(
    file: BinaryIO, max_pixels: int, *, last_look: bool, place: pages.Place | None
) -> Raster:
    opened = Opened(file.fileno(), os.fstat(file.fileno()).st_size)
    head = opened.read(0, HEAD_BYTES)
    kind = sniff(head)
    if kind is Format.BMP:
        return _decode_bmp(opened, head, max_pixels)
    if kind is Format.AVIF:
        bmff.demand_whole(opened.read, opened.size_bytes)  # libvips decodes it as it opens it
    if kind is Format.PNG and len(head) >= 24:
        # libvips opens no PNG without pixels; this one may still lack them.
        _demand_at_most(max_pixels, *struct.unpack_from(">II", head, 16))
    found = find(kind, file, opened, last_look=last_look, place=place)
    if codec := CODECS.get(found.kind):
        return _decode_by_codec(codec, opened, max_pixels)
    return _decode_by_vips(found, opened, max_pixels)


def _decode_by_codec(codec: Codec, opened: Opened, max_pixels: int) -> Raster:
    header = codec.header(opened)
    _demand_at_most(max_pixels, *header.size)
    decoded = header.decode()
    converted = in_rgb(
        decoded.image, extra_samples=decoded.extra_samples, declared=decoded.declared
    )
    kept, left_out = metadata.of(decoded.image, decoded.exif)
    by_exif = harmless(lambda: resolution.by_exif(decoded.exif, orientation=1), None)
    return Raster(
        vips.array(converted.image),
        converted.icc,
        decoded.dpi or by_exif,
        (*decoded.warnings, *converted.warnings, *left_out),
        kept,
        converted.remade or decoded.remade,
    )


def _decode_bmp(opened: Opened, head: bytes, max_pixels: int) -> Raster:
    header = bmp.parse(head)
    _demand_at_most(max_pixels, header.width, header.height)
    demand(header.needed_bytes, opened.size_bytes)
    pixels = bmp.decode(opened.read(0, opened.size_bytes))
    colours = harmless(lambda: bmp.colours(opened.read), declared.SRGB)
    if colours == declared.SRGB:
        return Raster(pixels, SRGB, header.dpi)
    converted = in_rgb(vips.image(pixels), declared=colours)
    return Raster(
        vips.array(converted.image),
        converted.icc,
        header.dpi,
        converted.warnings,
        remade=converted.remade,
    )


def _decode_by_vips(found: FoundPhoto, opened: Opened, max_pixels: int) -> Raster:
    try:
        image = vips.load(found.loader, found.source, **found.where)
        _demand_at_most(max_pixels, image.width, image.height)
        found.demand_end(opened)
        told = found.exif or exif.of_block(vips.fact(image, "exif-data", b""))
        colours = _declared(found.kind, opened, told)
        extra_samples = found.page.tags.get(pages.EXTRA_SAMPLES) if found.page else None
        converted = in_rgb(image, extra_samples=extra_samples, declared=colours)
        pixels: Pixels
        pixels, doubts = vips.computed(converted.image)
    except vips.Error as error:
        found.source.raise_trouble()
        found.demand_end(opened)  # says better what is wrong
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
        converted.remade,
    )


def _declared(kind: Format, opened: Opened, told: Exif) -> declared.Declared:
    if kind is Format.PNG:
        chunks = png.before_pixels(opened.read, opened.size_bytes, *declared.COLOUR_CHUNKS)
        by_chunks = harmless(lambda: declared.by_png(chunks), declared.SRGB)
        if chunks.keys() & set(declared.COLOUR_CHUNKS):
            return by_chunks
    if kind is Format.AVIF:
        points = harmless(lambda: bmff.code_points(opened.read, opened.size_bytes), None)
        return declared.by_code_points(*points) if points else declared.SRGB
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
