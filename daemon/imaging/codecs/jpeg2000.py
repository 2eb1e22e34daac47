"""JPEG 2000, boxed (JP2) or bare, by the OpenJPEG that OpenCV brings along."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging import bmff, exif, vips
from daemon.imaging.codecs.codec import Decoded, Header, told_by
from daemon.imaging.guard import harmless
from daemon.imaging.opening import Opened
from daemon.raster import Dpi

_SIZ = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"
_UUID_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_UUID_EXIF = b"JpgTiffExif->JP2"
_MOST_BOX_BYTES = 4 << 20
_MM_PER_INCH = 25.4
_INK = 12
"""The number that stands for CMYK in a colour box."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """Where the pixels are, and how many."""

    at: int
    end: int
    size: tuple[int, int]
    bands: int
    bits: int


def header(opened: Opened) -> Header:
    """Read the boxes, and the code stream's own header."""
    stream = _stream(opened)
    if stream.bands not in {1, 3, 4} or not 8 <= stream.bits <= 16:
        told = f"JPEG 2000 of {stream.bands} channels with {stream.bits} bits"
        raise NotAPhoto(f"{told} is not taken")
    if harmless(lambda: _is_ink(opened), otherwise=False):
        raise NotAPhoto("JPEG 2000 in CMYK is not taken")
    return Header(stream.size, partial(_decode, stream, opened))


def _stream(opened: Opened) -> _Stream:
    at, end = 0, opened.size_bytes
    if opened.read(0, 4) != _SIZ:
        bmff.demand_whole(opened.read, opened.size_bytes)
        box = next(bmff.inside(opened.read, opened.size_bytes, b"jp2c"), None)
        if box is None:  # another format's pictures may be in its boxes
            raise NotReady("JPEG 2000 ends early or is damaged: no code stream")
        at, end = box.body_at, box.end
    head = opened.read(at, 48)
    if len(head) < 48 or head[:4] != _SIZ:
        raise NotReady("JPEG 2000 ends early or is damaged: no header")
    right, bottom, left, top = struct.unpack_from(">4I", head, 8)
    (bands, bits) = struct.unpack_from(">HB", head, 40)
    # OpenJPEG makes a picture of whatever there is. Packed pixels have no such bytes.
    if opened.read(end - 2, 2) != _END and _END not in opened.read(at, end - at):
        raise NotReady("ends early: no end mark")
    if right <= left or bottom <= top:
        raise NotReady("JPEG 2000 is damaged: it has no pixels")
    return _Stream(at, end, (right - left, bottom - top), bands, (bits & 0x7F) + 1)


def _decode(stream: _Stream, opened: Opened) -> Decoded:
    data = np.frombuffer(opened.read(0, opened.size_bytes), np.uint8)
    try:
        pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise NotReady(f"JPEG 2000 ends early or is damaged: {told_by(error)}") from error
    if pixels is None or pixels.shape[:2] != stream.size[::-1]:
        raise NotReady("JPEG 2000 ends early or is damaged")
    if pixels.dtype == np.uint16 and stream.bits < 16:
        pixels = (pixels.astype(np.float32) * (65535 / ((1 << stream.bits) - 1))).astype(np.uint16)
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(
            pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        )
    blobs = {
        vips.ICC: harmless(lambda: _profile(opened), b""),
        vips.XMP: harmless(lambda: _of_uuid(opened, _UUID_XMP), b""),
    }
    dpi = harmless(lambda: _dpi(opened), None)
    told = exif.of_block(harmless(lambda: _of_uuid(opened, _UUID_EXIF), b""))
    return Decoded(vips.carrying(vips.image(pixels), blobs), told, dpi=dpi)


def _profile(opened: Opened) -> bytes:
    for box in bmff.inside(opened.read, opened.size_bytes, b"jp2h", b"colr"):
        body = opened.read(box.body_at, min(box.end - box.body_at, _MOST_BOX_BYTES))
        if body[:1] in {b"\2", b"\3"}:
            return body[3:]
    return b""


def _is_ink(opened: Opened) -> bool:
    """OpenCV calls what it cannot convert damaged."""
    for box in bmff.inside(opened.read, opened.size_bytes, b"jp2h", b"colr"):
        body = opened.read(box.body_at, 7)
        if body[:1] == b"\1" and struct.unpack_from(">I", body, 3)[0] == _INK:
            return True
    return False


def _of_uuid(opened: Opened, uuid: bytes) -> bytes:
    for box in bmff.inside(opened.read, opened.size_bytes, b"uuid"):
        body = opened.read(box.body_at, min(box.end - box.body_at, _MOST_BOX_BYTES))
        if body.startswith(uuid):
            return body.removeprefix(uuid)
    return b""


def _dpi(opened: Opened) -> Dpi | None:
    """From the capture resolution, else from that for display: fractions of dots per metre."""
    for kind in (b"resc", b"resd"):
        for box in bmff.inside(opened.read, opened.size_bytes, b"jp2h", b"res ", kind):
            values = struct.unpack(">HHHHbb", opened.read(box.body_at, 10))
            down, across = (
                values[at] / values[at + 1] * 10 ** values[4 + at // 2] * _MM_PER_INCH / 1000
                for at in (0, 2)
            )
            return round(across, 2), round(down, 2)
    return None
