"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

import struct
from enum import Enum

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging import bmff

HEAD_BYTES = 128
"""As many of a file's first bytes as ``sniff`` wants to see."""


class Format(Enum):
    """The formats we take."""

    JPEG = "JPEG"
    PNG = "PNG"
    TIFF = "TIFF"
    BMP = "BMP"
    WEBP = "WebP"
    HEIC = "HEIC"
    AVIF = "AVIF"
    RAW = "camera raw"
    """DNG too; those that begin like a TIFF are told apart by their directories."""
    PSD = "Photoshop"
    JP2 = "JPEG 2000"


TAKEN = "JPEG, PNG, TIFF, BMP, WebP, HEIC, AVIF, camera raw, PSD and JPEG 2000 are"

_OURS = {
    b"\xff\xd8\xff": Format.JPEG,
    b"\x89PNG\r\n\x1a\n": Format.PNG,
    b"II*\0": Format.TIFF,
    b"MM\0*": Format.TIFF,
    b"II+\0": Format.TIFF,
    b"MM\0+": Format.TIFF,
    b"8BPS": Format.PSD,
    b"\0\0\0\x0cjP  ": Format.JP2,
    b"\xff\x4f\xff\x51": Format.JP2,
    b"IIRO": Format.RAW,  # Olympus
    b"IIRS": Format.RAW,
    b"MMOR": Format.RAW,
    b"IIU\0": Format.RAW,  # Panasonic
    b"FUJIFILMCCD-RAW": Format.RAW,
    b"FOVb": Format.RAW,  # Sigma
    b"\0MRM": Format.RAW,  # Minolta
}

_RAW_TIFF = b"II*\0\x10\0\0\0CR"
"""Canon's: a TIFF by its first bytes, of which page 1 is a preview."""

_CODED = {"HEVC": Format.HEIC, "AV1": Format.AVIF, "CR3": Format.RAW}

_FOREIGN = {
    b"GIF8": "GIF",
    b"%PDF": "PDF",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\0\0\1\0": "an icon",
    b"<?xml": "XML or SVG",
    b"<svg": "SVG",
    b"<!DOCTYPE": "HTML or SVG",
    b"<html": "HTML",
}

_UNKNOWN = "this kind of file"

_ENOUGH_BYTES = 18
"""To tell any format for sure; no photo is as small."""

_BEGINNING_BYTES = 4
"""Nothing that we know begins with as many zeros. Programs reserve room for a whole file, or write
the header when they know what to write into it."""

_BMP_HEADER_BYTES = {12, 16, 40, 52, 56, 64, 108, 124}


def sniff(head: bytes) -> Format:
    """Tell the format from a file's first HEAD_BYTES bytes.

    Raises:
        NotReady: too few bytes to tell, or zeros where a program reserved room for a file.
        NotAPhoto: it is something else; the reason names it where we know it.
    """
    if len(head) < _ENOUGH_BYTES:
        raise NotReady(f"ends early: {len(head)} bytes")
    if not any(head[:_BEGINNING_BYTES]):
        raise NotReady("starts with zeros: its beginning may be what is written last")
    for magic, ours in _OURS.items():
        if head.startswith(magic):
            return Format.RAW if head.startswith(_RAW_TIFF) else ours
    if head[4:8] == b"ftyp" and (coded := _CODED.get(bmff.coding(head))):
        return coded
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[:2] == b"BM" and struct.unpack_from("<I", head, 14)[0] in _BMP_HEADER_BYTES:
        return Format.BMP
    foreign = _foreign(head)
    if foreign == _UNKNOWN and not any(head[_ENOUGH_BYTES:]):
        raise NotReady("hardly begun: zeros follow its first bytes")
    raise NotAPhoto(f"{foreign} is not taken; {TAKEN}")


def _foreign(head: bytes) -> str:
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "a film or another MP4-like file"
    if all(32 <= byte < 127 or byte in b"\t\n\r" for byte in head):
        return "text"
    return _UNKNOWN
