"""The directories of a TIFF: what libtiff passes over in silence when a file ends early."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from daemon.errors import NotAPhoto, NotReady

ReadAt = Callable[[int, int], bytes]
"""(offset, size) -> the bytes there; fewer at the end of the file, none beyond it."""

EXTRA_SAMPLES = 338
_SUBFILE_TYPE, _BITS, _PHOTOMETRIC, _SUB_DIRECTORIES, _DNG_VERSION = 254, 258, 262, 330, 50706
_CIELAB = 8

_MAX_PAGES = 10_000
_SIZE_OF_TYPE = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


@dataclass(frozen=True, slots=True)
class _Layout:
    """How classic TIFF and BigTIFF lay out a directory."""

    order: str
    count: str
    entry: str
    offset: str

    def unpack(self, code: str, raw: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + code, raw)

    def size(self, code: str) -> int:
        return struct.calcsize(self.order + code)


def first_directory(read: ReadAt, size_bytes: int) -> dict[int, int]:
    """Check that all directories and all their values are there.

    The pixels are not looked at: libtiff does notice when they are missing.

    Returns:
        Page 1's tags, each with its first value, taken for an unsigned integer.

    Raises:
        NotReady: the file ends before something that it refers to.
    """
    layout, offset = _header(read)
    pages: dict[int, dict[int, int]] = {}
    while offset and offset not in pages and len(pages) < _MAX_PAGES:
        pages[offset], offset = _directory(read, layout, offset, size_bytes)
    return next(iter(pages.values()), {})


def refuse_unusual(tags: dict[int, int]) -> None:
    """Refuse what libvips cannot decode or would take for something else.

    Raises:
        NotAPhoto: a camera's raw file, whose page 1 is a thumbnail, or another kind not taken.
    """
    thumbnail_first = tags.get(_SUBFILE_TYPE, 0) & 1 and _SUB_DIRECTORIES in tags
    if thumbnail_first or _DNG_VERSION in tags:
        raise NotAPhoto("camera raw (DNG, NEF, ARW...) is not taken; develop it to a TIFF first")
    if tags.get(_PHOTOMETRIC) == _CIELAB and tags.get(_BITS) != 16:
        raise NotAPhoto("Lab with 8 bits is not taken; save it with 16 bits or as RGB")


def _header(read: ReadAt) -> tuple[_Layout, int]:
    head = read(0, 16)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", head, 2)[0] == 43
    if big:
        return _Layout(order, "Q", "HHQ8s", "Q"), struct.unpack_from(order + "Q", head, 8)[0]
    return _Layout(order, "H", "HHL4s", "L"), struct.unpack_from(order + "L", head, 4)[0]


def _directory(
    read: ReadAt, layout: _Layout, offset: int, size_bytes: int
) -> tuple[dict[int, int], int]:
    """The tags of the directory at ``offset``, and where the next directory is."""
    at = offset + layout.size(layout.count)
    (count,) = layout.unpack(layout.count, _exactly(read, offset, layout.size(layout.count)))
    width = layout.size(layout.entry)
    entries = _exactly(read, at, min(count, 65_536) * width)
    tags = {}
    for start in range(0, len(entries), width):
        tag, value = _first_value(read, layout, entries[start : start + width], size_bytes)
        tags[tag] = value
    tail = _exactly(read, at + len(entries), layout.size(layout.offset))
    return tags, layout.unpack(layout.offset, tail)[0]


def _first_value(read: ReadAt, layout: _Layout, raw: bytes, size_bytes: int) -> tuple[int, int]:
    tag, kind, count, field = struct.unpack(layout.order + layout.entry, raw)
    each = _SIZE_OF_TYPE.get(kind, 1)
    if count * each > len(field):
        (offset,) = layout.unpack(layout.offset, field)
        if offset + count * each > size_bytes:
            raise NotReady(f"ends early: {size_bytes} of at least {offset + count * each} bytes")
        field = _exactly(read, offset, each)
    return tag, int.from_bytes(field[:each], "little" if layout.order == "<" else "big")


def _exactly(read: ReadAt, offset: int, size: int) -> bytes:
    data = read(offset, size)
    if len(data) < size:
        raise NotReady(f"ends early: no {offset + size} bytes in it")
    return data
