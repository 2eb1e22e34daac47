"""Whether a file goes on to its own end, asked before it is decoded.

The decoders do not tell all of it: they are content with a JPEG or PNG without its end mark. What
TIFF lacks is for ``pages`` to find.
"""

from __future__ import annotations

import struct

from daemon.errors import NotReady
from daemon.imaging import bmff, jpeg, png
from daemon.imaging.formats import Format
from daemon.imaging.tiff import ReadAt

_CHUNK = 1 << 20


def demand_whole(kind: Format, read: ReadAt, size_bytes: int) -> None:
    """Refuse a JPEG, PNG, WebP or AVIF that ends early.

    Raises:
        NotReady: it does.
    """
    if kind is Format.JPEG:
        _demand_end_of_jpeg(read, size_bytes)
    elif kind is Format.PNG:
        _demand_end_of_png(read, size_bytes)
    elif kind is Format.WEBP:
        demand(struct.unpack("<I", read(4, 4))[0] + 8, size_bytes)
    elif kind is Format.AVIF:
        bmff.demand_whole(read, size_bytes)


def demand(needed_bytes: int, size_bytes: int) -> None:
    """Refuse a file shorter than its header says.

    Raises:
        NotReady: it is.
    """
    if size_bytes < needed_bytes:
        raise NotReady(f"ends early: {size_bytes} of {needed_bytes} bytes")


def _demand_end_of_jpeg(read: ReadAt, size_bytes: int) -> None:
    """Find the end mark behind the first scan; a thumbnail's own end mark comes before it."""
    at = jpeg.header(read, size_bytes).scan_at
    while at < size_bytes:
        data = read(at, _CHUNK + 1)
        if b"\xff\xd9" in data:
            return
        at += _CHUNK
    raise NotReady(f"ends early: no end mark in its {size_bytes} bytes")


def _demand_end_of_png(read: ReadAt, size_bytes: int) -> None:
    for _ in png.chunks(read, size_bytes):
        pass
