"""What a photo's file tells of it for people, taken out of its containers and made true again.

A result is upright and has its own size, resolution and colours, so whatever the original says of
these is left out, and thumbnails, which show the original, are too. The rest is carried as it is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from daemon.imaging import resources, vips
from daemon.imaging.blocks import block_of
from daemon.imaging.exif import Exif, Tags, Value
from daemon.imaging.guard import harmless
from daemon.raster import Metadata

_MOST_XMP_BYTES = 1 << 18
_MOST_IPTC_BYTES = 1 << 16

_DESCRIPTION, _ARTIST, _DATE, _COPYRIGHT = 270, 315, 306, 33432
_IMAGE_TAGS = {
    *(269, _DESCRIPTION, 271, 272, 285, 305, _DATE, _ARTIST, 316, 18246, 18249, _COPYRIGHT),
    *range(40091, 40096),  # Windows' title, comment, author, keywords and subject
}
"""Those that are for people; the others tell how the original's pixels are stored."""

_MAKER_NOTE = 37500
_COLOR_SPACE, _WIDTH, _HEIGHT, _INTEROPERABILITY = 40961, 40962, 40963, 40965
_UNTRUE = {_MAKER_NOTE, _COLOR_SPACE, _WIDTH, _HEIGHT, _INTEROPERABILITY}
"""Of the original's pixels; and a maker's note, whose inner offsets break wherever it is moved."""

_STORAGE_NOTES = (b'{"shape"', b"ImageJ=", b"<?xml", b"<OME")
"""Descriptions by which programs find their way in the pixels of their own files."""

_UNTRUE_IN_XMP = (
    "tiff:Orientation", "tiff:ImageWidth", "tiff:ImageLength", "tiff:XResolution",
    "tiff:YResolution", "tiff:ResolutionUnit", "exif:PixelXDimension", "exif:PixelYDimension",
    "exif:ColorSpace", "photoshop:ICCProfile",
)  # fmt: skip
_NAMES = "|".join(_UNTRUE_IN_XMP).encode()
# Every repetition has an end, so that no packet takes longer than its length.
_ATTRIBUTE = re.compile(rb"\s(?:%s)\s{0,8}=\s{0,8}(?:\"[^\"<]{0,300}\"|'[^'<]{0,300}')" % _NAMES)
_ELEMENT = re.compile(rb"<(%s)(?:\s[^<>]{0,300})?(?:/>|(?<!/)>[^<]{0,300}</\1\s{0,8}>)" % _NAMES)
_THUMBNAILS = (
    (b"<xmp:Thumbnails", b"</xmp:Thumbnails>"),
    (b"<xap:Thumbnails", b"</xap:Thumbnails>"),
)
_PACKET_END = b"<?xpacket end"

_PHOTOSHOP = b"Photoshop 3.0\0"
_IIM_MARK = b"\x1c"
_IIM_TEXT: Mapping[tuple[int, int], int] = {
    (2, 80): _ARTIST,
    (2, 116): _COPYRIGHT,
    (2, 120): _DESCRIPTION,
}
"""Datasets that Exif has a tag for."""


def of(image: vips.Image, exif: Exif) -> tuple[Metadata, tuple[str, ...]]:
    """What a result is to carry, and warnings of what it cannot.

    Args:
        image: as libvips loaded it.
        exif: what was read of it.
    """
    iptc = harmless(lambda: _iptc(image), b"")
    xmp, warnings = _xmp(vips.fact(image, "xmp-data", b""))
    told = harmless(lambda: _of_iptc(iptc), dict[int, Value]())
    kept = Exif(
        Tags(
            told | {tag: value for tag, value in exif.image.values.items() if _is_true(tag, value)}
        ),
        Tags({tag: value for tag, value in exif.photo.values.items() if tag not in _UNTRUE}),
        exif.gps,
    )
    return Metadata(harmless(lambda: block_of(kept), b""), xmp, iptc), warnings


def _is_true(tag: int, value: Value) -> bool:
    return tag in _IMAGE_TAGS and not value.raw.lstrip().startswith(_STORAGE_NOTES)


def _xmp(packet: bytes) -> tuple[bytes, tuple[str, ...]]:
    packet = packet.rstrip(b"\0")
    if len(packet) > _MOST_XMP_BYTES:
        return b"", (f"XMP of {len(packet) // 1024} kB left out of the results",)
    if not packet.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") or not _is_utf8(packet):
        return b"", ()
    return _ATTRIBUTE.sub(b"", _ELEMENT.sub(b"", _without_bulk(packet))), ()


def _without_bulk(packet: bytes) -> bytes:
    """The packet without thumbnails, and without the blanks kept for editing it in place."""
    for begin, end in _THUMBNAILS:
        first, last = packet.find(begin), packet.rfind(end)
        if 0 <= first < last:
            packet = packet[:first] + packet[last + len(end) :]
    body, mark, rest = packet.rpartition(_PACKET_END)
    return body.rstrip() + b"\n" + mark + rest if mark else packet


def _is_utf8(packet: bytes) -> bool:
    return b"\0" not in packet and harmless(lambda: bool(packet.decode()), otherwise=False)


def _iptc(image: vips.Image) -> bytes:
    block = vips.fact(image, "iptc-data", b"")
    if block.startswith(_PHOTOSHOP):
        block = _in_resources(block.removeprefix(_PHOTOSHOP))
    elif not block:
        block = _in_resources(vips.fact(image, "photoshop-data", b""))
    whole = block.startswith(_IIM_MARK) and len(block) <= _MOST_IPTC_BYTES
    return block if whole else b""


def _in_resources(block: bytes) -> bytes:
    found = (body for kind, body in resources.parsed(block) if kind == resources.IPTC)
    return next(found, b"")


def _of_iptc(iptc: bytes) -> dict[int, Value]:
    """Exif's counterparts: PNG has no place for IPTC itself."""
    found: dict[int, Value] = {}
    at = 0
    while iptc[at : at + 1] == _IIM_MARK:
        record, dataset, size = struct.unpack_from(">BBH", iptc, at + 1)
        tag = _IIM_TEXT.get((record, dataset))
        if tag and size < 1 << 15:
            text = iptc[at + 5 : at + 5 + size]
            found.setdefault(tag, Value(2, text + b"\0"))
        at += 5 + size
    return found
