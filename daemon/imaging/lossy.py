"""JPEG, WebP and AVIF: small files for shops and the web, with what a photo tells of itself.

They get their metadata from us, for the reasons in ``embed`` and ``items``; but an AVIF keeps XMP
in a box that points into the file, so there libvips writes it, as it is.

Sources: JFIF 1.02; Exif 2.32; XMP specification, part 3; WebP container specification.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from daemon.errors import NotWritten
from daemon.imaging import exif, resources, vips
from daemon.imaging.blocks import block_of
from daemon.imaging.colour import to_8_bit
from daemon.imaging.embed import WithChunks, write_all
from daemon.imaging.encode import NO_METADATA, Samples, image_of, opened, save
from daemon.imaging.exif import Exif, Tags, Value
from daemon.imaging.items import replace_exif
from daemon.raster import Dpi, Metadata

Chroma = Literal["4:4:4", "4:2:0"]
Name = Literal["jpeg", "webp", "avif"]

MOST_PIXELS: Mapping[Name, int] = {"jpeg": 65_500, "webp": 16_383, "avif": 16_384}
"""A side; what libjpeg, libwebp and libheif take."""

_JPEG_HEADER_END = 2
"""libvips writes no JFIF segment where it is told to leave metadata out; that stands first."""
_MOST_SEGMENT_BYTES = 65_533
_APP0, _APP1, _APP13 = 0xE0, 0xE1, 0xED
_RATIONAL, _SHORT, _INCH = 5, 3, 2
_HAS_EXIF, _HAS_XMP = 0x08, 0x04
_EXIF_XMP_ICC = 1 | 2 | 8
"""libvips' flags of what is kept."""
_AVIF_EFFORT = 3
"""At 4, libvips' own, 24 megapixels take twice as long for files that are a hundredth smaller."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How much may be lost."""

    level: int = 90
    """1 to 100."""
    chroma: Chroma = "4:4:4"
    """4:2:0 keeps a quarter of the colours' samples."""


def write(  # noqa: PLR0913 - what a file is told, each with a default
    path: Path,
    pixels: Samples,
    kind: Name,
    *,
    icc: bytes | None,
    dpi: Dpi | None,
    metadata: Metadata = NO_METADATA,
    quality: Quality = Quality(),
    alpha: Samples | None = None,
) -> None:
    """Write a JPEG, WebP or AVIF.

    Args:
        path: is overwritten; not synced to the disk.
        pixels: 16 bits become 10 in an AVIF and 8 elsewhere.
        kind: which.
        icc: None embeds none.
        dpi: dots per inch; WebP and AVIF tell it by Exif.
        metadata: Exif and XMP are embedded, and IPTC in a JPEG, for which XMP can be too long.
        quality: how much may be lost.
        alpha: (height, width), straight; a JPEG has none.

    Raises:
        ResultsTrouble: it cannot be written; with the true errno.
        NotWritten: the encoder refuses it, or the picture is too large for one.
    """
    _demand_side(pixels, kind)
    deep = kind == "avif" and pixels.dtype == np.uint16
    if not deep:
        pixels = to_8_bit(pixels)
        alpha = None if alpha is None else to_8_bit(alpha)
    image = image_of(pixels, icc, dpi, alpha)
    with opened(path) as file:
        if kind == "jpeg":
            around = WithChunks(file, _segments(metadata, dpi), _JPEG_HEADER_END)
            save(around, image, "jpeg", Q=quality.level, subsample_mode=_subsampled(quality))
        elif kind == "webp":
            save(file, image, "webp", Q=quality.level, smart_subsample=quality.chroma == "4:4:4")
            _add_to_webp(file, with_resolution(metadata.exif, dpi), metadata.xmp)
        else:
            block = with_resolution(metadata.exif, dpi)
            told = _told(image, block, metadata.xmp)
            facts = {"keep": _EXIF_XMP_ICC, "effort": _AVIF_EFFORT, "bitdepth": 10 if deep else 8}
            mode = _subsampled(quality)
            save(
                file, told, "heif", compression="av1", Q=quality.level, subsample_mode=mode, **facts
            )
            if block:
                replace_exif(file, block)


def _demand_side(pixels: Samples, kind: Name) -> None:
    height, width = pixels.shape[:2]
    if max(height, width) > MOST_PIXELS[kind]:
        holds = f"{kind.upper()} holds {MOST_PIXELS[kind]:,} pixels a side at most"
        raise NotWritten(f"{width:,} x {height:,}: {holds}; let the output have a `size`")


def _subsampled(quality: Quality) -> str:
    return "off" if quality.chroma == "4:4:4" else "on"


def with_resolution(block: bytes, dpi: Dpi | None) -> bytes:
    """An Exif block that tells the resolution, too."""
    if dpi is None:
        return block
    found = exif.of_block(block) if block else exif.NONE
    across, down = (
        Value(_RATIONAL, struct.pack("<2I", min(round(value * 1000), 0xFFFFFFFF), 1000))
        for value in dpi
    )
    told = {
        exif.X_RESOLUTION: across,
        exif.Y_RESOLUTION: down,
        exif.RESOLUTION_UNIT: Value(_SHORT, struct.pack("<H", _INCH)),
    }
    return block_of(Exif(Tags({**found.image.values, **told}), found.photo, found.gps))


def _segments(metadata: Metadata, dpi: Dpi | None) -> bytes:
    """What stands at the beginning of a JPEG."""
    across, down = (min(max(round(value), 1), 0xFFFF) for value in dpi or (1, 1))
    density = struct.pack(">HBHHBB", 0x0102, dpi is not None, across, down, 0, 0)
    photoshop = resources.packed({resources.IPTC: metadata.iptc}) if metadata.iptc else b""
    told = (
        (_APP0, b"JFIF\0", density),
        (_APP1, b"Exif\0\0", metadata.exif),
        (_APP1, b"http://ns.adobe.com/xap/1.0/\0", metadata.xmp),
        (_APP13, b"Photoshop 3.0\0", photoshop),
    )
    return b"".join(
        struct.pack(">BBH", 0xFF, mark, 2 + len(name + body)) + name + body
        for mark, name, body in told
        if body and len(name + body) <= _MOST_SEGMENT_BYTES
    )


def _add_to_webp(file: BinaryIO, block: bytes, xmp: bytes) -> None:
    """Give a finished WebP chunks of metadata, and say in its header that they are there."""
    chunks = ((b"EXIF", block, _HAS_EXIF), (b"XMP ", xmp, _HAS_XMP))
    if not (block or xmp):
        return
    file.seek(12)
    if file.read(4) != b"VP8X":
        raise NotWritten("cannot be written as WEBP: its encoder left the header out")
    file.seek(20)
    flags = file.read(1)[0]
    end = file.seek(0, io.SEEK_END)
    for name, body, flag in chunks:
        if body:
            write_all(file, name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2))
            flags |= flag
    size = file.tell()
    assert size > end
    file.seek(4)
    write_all(file, struct.pack("<I", size - 8))
    file.seek(20)
    write_all(file, bytes([flags]))


def _told(image: vips.Image, block: bytes, xmp: bytes) -> vips.Image:
    told = {"exif-data": b"Exif\0\0" + block if block else b"", "xmp-data": xmp}
    return vips.carrying(image, told)
