"""Whether a file goes on to its own end, asked before it is decoded.

The decoders do not tell all of it: they are content with a JPEG or PNG without its end mark, and
with a TIFF without the colour profile that stands behind its pixels.
"""

from __future__ import annotations

import struct

from daemon.errors import NotReady
from daemon.imaging.formats import Format
from daemon.imaging.tiff import ReadAt

_CHUNK = 1 << 20
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


def demand_whole(kind: Format, read: ReadAt, size_bytes: int) -> None:
    """Refuse a JPEG, PNG or WebP that ends early.

    Raises:
        NotReady: it does.
    """
    if kind is Format.JPEG:
        _demand_end_of_jpeg(read, size_bytes)
    elif kind is Format.PNG:
        _demand_end_of_png(read, size_bytes)
    elif kind is Format.WEBP:
        demand(struct.unpack("<I", read(4, 4))[0] + 8, size_bytes)


def demand(needed_bytes: int, size_bytes: int) -> None:
    """Refuse a file shorter than its header says.

    Raises:
        NotReady: it is.
    """
    if size_bytes < needed_bytes:
        raise NotReady(f"ends early: {size_bytes} of {needed_bytes} bytes")


def _demand_end_of_jpeg(read: ReadAt, size_bytes: int) -> None:
    """Find the end mark behind the first scan; a thumbnail's own end mark comes before it."""
    at = _first_scan(read, size_bytes)
    while at < size_bytes:
        data = read(at, _CHUNK + 1)
        if b"\xff\xd9" in data:
            return
        at += _CHUNK
    raise NotReady(f"ends early: no end mark in its {size_bytes} bytes")


def _first_scan(read: ReadAt, size_bytes: int) -> int:
    at = 2
    while at < size_bytes:
        head = read(at, 4)
        if len(head) < 4 or head[0] != 0xFF:
            return at
        marker, length = struct.unpack(">xBH", head)
        if marker in {_START_OF_SCAN, _END_OF_IMAGE}:
            return at
        # Fill bytes and marks without a length only occur here in odd files; step over them.
        at += 1 if marker == 0xFF else 2 if 0xD0 <= marker <= 0xD8 or marker == 1 else 2 + length
    return size_bytes


def _demand_end_of_png(read: ReadAt, size_bytes: int) -> None:
    at = 8
    while len(head := read(at, 8)) == 8:
        length, name = struct.unpack(">I4s", head)
        at += 12 + length
        if name == b"IEND":
            break
    else:
        raise NotReady(f"ends early: no end mark in its {size_bytes} bytes")
    demand(at, size_bytes)
