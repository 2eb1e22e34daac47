"""The Exif of an AVIF, in place of what its encoder made of it.

libvips has libexif write the block anew, which leaves out what that does not know (ratings, the
host) and adds a size. Where the block lies is told by offsets into the file: ours goes to the end,
in a box of its own, and the location is told anew.

Source: ISO/IEC 14496-12, 8.11 (meta, iloc, iinf); 23008-12, annex A (Exif).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from daemon.errors import NotWritten
from daemon.imaging import bmff
from daemon.imaging.embed import write_all
from daemon.imaging.tiff import ReadAt

_HEADER = b"Exif\0\0"


@dataclass(frozen=True, slots=True)
class _Location:
    """Where the file tells where an item lies."""

    item: int
    method_at: int | None
    """Offset of the field that says what its offsets count from; None in the first version."""
    base: int
    offset_at: int
    offset_bytes: int
    length_at: int
    length_bytes: int


def replace_exif(file: BinaryIO, block: bytes) -> None:
    """Replace the Exif block of a finished AVIF, which has one.

    Raises:
        NotWritten: its encoder has told of it in a way that is not known here.
        OSError: the disk is full.
    """
    size = file.seek(0, io.SEEK_END)

    def read(at: int, count: int) -> bytes:
        file.seek(at)
        return file.read(count)

    exif = _exif_item(read, size)
    found = next((one for one in _locations(read, size) if one.item == exif), None)
    if exif is None or found is None:
        raise NotWritten("cannot be written as AVIF: its encoder has not told where its Exif is")
    item = struct.pack(">I", len(_HEADER)) + _HEADER + block
    file.seek(size)
    write_all(file, struct.pack(">I4s", 8 + len(item), b"mdat") + item)
    _tell(file, found.offset_at, found.offset_bytes, size + 8 - found.base)
    _tell(file, found.length_at, found.length_bytes, len(item))
    if found.method_at is not None:
        _tell(file, found.method_at, 2, 0)


def _exif_item(read: ReadAt, size: int) -> int | None:
    for box in bmff.inside(read, size, b"meta", b"iinf"):
        version = read(box.body_at, 1)[0]
        entries_at = box.body_at + (6 if version == 0 else 8)
        for entry in bmff.boxes(read, entries_at, box.end):
            version = read(entry.body_at, 1)[0]
            wide = version >= 3
            number, _, kind = struct.unpack(
                ">IH4s" if wide else ">HH4s", read(entry.body_at + 4, 10 if wide else 8)
            )
            if entry.kind == b"infe" and version >= 2 and kind == b"Exif":
                return int(number)
    return None


def _locations(read: ReadAt, size: int) -> Iterator[_Location]:
    """Of all items that lie in one piece."""
    for box in bmff.inside(read, size, b"meta", b"iloc"):
        version, sizes = read(box.body_at, 1)[0], read(box.body_at + 4, 2)
        offset_bytes, length_bytes, base_bytes = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
        index_bytes = sizes[1] & 15 if version else 0
        wide = 4 if version >= 2 else 2
        at = box.body_at + 6
        count, at = _number(read, at, wide), at + wide
        for _ in range(count):
            item, at = _number(read, at, wide), at + wide
            method_at, at = (at, at + 2) if version else (None, at)
            base, at = _number(read, at + 2, base_bytes), at + 2 + base_bytes
            extents, at = _number(read, at, 2), at + 2
            offset_at = at + index_bytes
            length_at = offset_at + offset_bytes
            if extents == 1 and offset_bytes and length_bytes:
                yield _Location(
                    item, method_at, base, offset_at, offset_bytes, length_at, length_bytes
                )
            at += extents * (index_bytes + offset_bytes + length_bytes)


def _number(read: ReadAt, at: int, count: int) -> int:
    return int.from_bytes(read(at, count), "big")


def _tell(file: BinaryIO, at: int, count: int, value: int) -> None:
    file.seek(at)
    write_all(file, value.to_bytes(count, "big"))
