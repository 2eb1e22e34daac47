"""The directories of a TIFF, and of the Exif blocks that are laid out alike.

Who makes a file decides how many there are, how long each is and where it lies: a small file can
have thousands that lie across each other. So a walk has a budget.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.errors import NotAPhoto, NotReady

ReadAt = Callable[[int, int], bytes]
"""(offset, size) -> the bytes there; fewer at the end of the file, none beyond it."""

MOST_ENTRIES = 300_000
"""Of all directories together; ten thousand pages have about 200,000."""
MOST_BYTES = 2 << 20
"""Of all values together that are kept; a small file can name the same bytes many times."""
MOST_S = 10.0
"""Of the processor. A third of a second is usual for as many entries."""

_CODES = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d"}
_CODES |= {13: "I", 16: "Q", 17: "q", 18: "Q"}
"""struct's code for one number, by TIFF's type."""
_RATIONALS = {5, 10}
SIZES = {kind: struct.calcsize(code) for kind, code in _CODES.items()}
SIZES |= {2: 1, 5: 8, 7: 1, 10: 8}
"""Bytes of one value, by TIFF's type."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How classic TIFF and BigTIFF lay out a directory."""

    order: str
    """struct's sign of the byte order."""
    count: str
    entry: str
    offset: str

    def unpack(self, code: str, raw: bytes) -> tuple[int, ...]:
        """Take whole numbers from bytes."""
        return struct.unpack(self.order + code, raw)

    def size(self, code: str) -> int:
        """How many bytes a code takes."""
        return struct.calcsize(self.order + code)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a directory."""

    tag: int
    kind: int
    count: int
    field: bytes
    """The values, if they fit in; else their offset."""

    @property
    def size_bytes(self) -> int:
        """Of all values together."""
        return self.count * SIZES.get(self.kind, 1)


@dataclass(frozen=True, slots=True)
class Directory:
    """One page, or some other set of tags."""

    entries: dict[int, Tag]
    """By tag; of two alike the first counts, as it does for libtiff."""
    next_at: int
    """Where the offset of the next directory stands, itself an offset in the file."""


def numbers(kind: int, raw: bytes, order: str) -> tuple[float, ...]:
    """Values of TIFF's type ``kind`` as numbers; rationals divided.

    Raises:
        ZeroDivisionError: a rational's denominator is 0.
        ValueError: they are no numbers.
    """
    if kind not in _CODES:
        raise ValueError(f"type {kind} has no numbers")
    code = _CODES[kind]
    values = struct.unpack(f"{order}{len(raw) // struct.calcsize(code)}{code}", raw)
    if kind not in _RATIONALS:
        return values
    return tuple(a / b for a, b in zip(values[::2], values[1::2], strict=True))


class Tiff:
    """Reads directories and values from an open file or a block of bytes."""

    def __init__(
        self, read: ReadAt, size_bytes: int, *, clock: Callable[[], float] = time.thread_time
    ) -> None:
        """Read the header.

        Args:
            read: gives the bytes at an offset.
            size_bytes: of the whole file or block.
            clock: seconds of the processor: a busy or sleeping machine is not the file's fault.

        Raises:
            NotReady: there is none, or not all of it.
        """
        self._read = read
        self._size_bytes = size_bytes
        self._clock = clock
        self._until_s = clock() + MOST_S
        self._entries_left = MOST_ENTRIES
        self._bytes_left = MOST_BYTES
        self.layout, self.first = self._header()

    def directory(self, offset: int) -> Directory:
        """The directory at an offset.

        Raises:
            NotReady: the file ends before its end.
            NotAPhoto: the walk has read more than any photo has.
        """
        layout = self.layout
        (count,) = layout.unpack(layout.count, self.exactly(offset, layout.size(layout.count)))
        count = min(count, 65_536)
        self._spend(count)
        at, size = offset + layout.size(layout.count), count * layout.size(layout.entry)
        entries: dict[int, Tag] = {}
        for raw in struct.iter_unpack(layout.order + layout.entry, self.exactly(at, size)):
            entries.setdefault(raw[0], Tag(*raw))
        return Directory(entries, at + size)

    def next_offset(self, directory: Directory) -> int:
        """Where the directory after this one lies; 0 for none.

        Raises:
            NotReady: the file ends before the pointer.
        """
        layout = self.layout
        raw = self.exactly(directory.next_at, layout.size(layout.offset))
        return layout.unpack(layout.offset, raw)[0]

    def lacking(self, directory: Directory) -> dict[int, int]:
        """Tags whose values lie beyond the end of the file, with the size that it should have."""
        ends = {
            tag: self._offset(entry) + entry.size_bytes
            for tag, entry in directory.entries.items()
            if entry.size_bytes > len(entry.field)
        }
        return {tag: end for tag, end in ends.items() if end > self._size_bytes}

    def raw(self, entry: Tag, *, most_bytes: int) -> bytes:
        """A tag's values in the file's own byte order.

        Raises:
            NotReady: the file ends before their end.
            NotAPhoto: they are more than ``most_bytes``, or all values together are too many.
        """
        if entry.size_bytes <= len(entry.field):
            return entry.field[: entry.size_bytes]
        if entry.size_bytes > min(most_bytes, self._bytes_left):
            raise NotAPhoto(f"tag {entry.tag} has {entry.size_bytes} bytes")
        self._bytes_left -= entry.size_bytes
        return self.exactly(self._offset(entry), entry.size_bytes)

    def numbers(self, entry: Tag, *, most: int = 64) -> tuple[float, ...]:
        """A tag's first values as numbers; rationals divided.

        Raises:
            ZeroDivisionError: a rational's denominator is 0.
            ValueError: it has no numbers.
            NotReady: the file ends before their end.
        """
        size = min(entry.count, most) * SIZES.get(entry.kind, 1)
        inside = entry.size_bytes <= len(entry.field)
        raw = entry.field[:size] if inside else self.exactly(self._offset(entry), size)
        return numbers(entry.kind, raw, self.layout.order)

    def exactly(self, offset: int, size: int) -> bytes:
        """The bytes there.

        Raises:
            NotReady: the file ends before.
        """
        data = self._read(offset, size)
        if len(data) < size:
            raise NotReady(f"ends early: no {offset + size} bytes in it")
        return data

    def _offset(self, entry: Tag) -> int:
        return self.layout.unpack(self.layout.offset, entry.field)[0]

    def _header(self) -> tuple[Layout, int]:
        head = self.exactly(0, 8)
        order = "<" if head[:2] == b"II" else ">"
        if struct.unpack_from(order + "H", head, 2)[0] != 43:
            return Layout(order, "H", "HHL4s", "L"), struct.unpack_from(order + "L", head, 4)[0]
        first = struct.unpack(order + "Q", self.exactly(8, 8))[0]
        return Layout(order, "Q", "HHQ8s", "Q"), first

    def _spend(self, entries: int) -> None:
        self._entries_left -= entries
        if self._entries_left < 0 or self._clock() > self._until_s:
            raise NotAPhoto("its directories have no end: more of them than any photo has")
