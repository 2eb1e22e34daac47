"""The chunks of a PNG: whether they go on to the end, and what they say of its colours."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging.tiff import ReadAt

_MAX_CHUNKS = 1_000_000
"""A picture of 250 megapixels in 16 bits has 200,000 of the usual 8 kB."""
_MAX_COLOUR_BYTES = 64


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk."""

    name: bytes
    offset: int
    """Of its length."""
    length: int
    """Of its body."""


def chunks(read: ReadAt, size_bytes: int) -> Iterator[Chunk]:
    """All chunks up to IEND.

    Raises:
        NotReady: the file ends before.
        NotAPhoto: there are more than any photo has.
    """
    at = 8
    for _ in range(_MAX_CHUNKS):
        head = read(at, 8)
        if len(head) < 8:
            raise NotReady(f"ends early: no end mark in its {size_bytes} bytes")
        if not any(head):  # room that was reserved: by twelve bytes a step, minutes of it
            raise NotReady(f"ends early: nothing but zeros from byte {at} on")
        length, name = struct.unpack(">I4s", head)
        yield Chunk(name, at, length)
        at += 12 + length
        if name == b"IEND":
            if at > size_bytes:
                raise NotReady(f"ends early: {size_bytes} of {at} bytes")
            return
    raise NotAPhoto(f"more than {_MAX_CHUNKS} chunks")


def before_pixels(read: ReadAt, size_bytes: int, *names: bytes) -> dict[bytes, bytes]:
    """The bodies of small chunks before the first pixels; the first of each name.

    Raises:
        NotReady, NotAPhoto: as ``chunks``.
    """
    found: dict[bytes, bytes] = {}
    for chunk in chunks(read, size_bytes):
        if chunk.name == b"IDAT":
            break
        if chunk.name in names:
            body = read(chunk.offset + 8, min(chunk.length, _MAX_COLOUR_BYTES))
            found.setdefault(chunk.name, body)
    return found
