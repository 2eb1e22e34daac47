"""A file in which some bytes stand in place of others, for a reader that trips over those."""

from __future__ import annotations

import io
from typing import BinaryIO


class Spliced(io.RawIOBase, BinaryIO):
    """A view of an open file, with a position of its own."""

    def __init__(self, file: BinaryIO, begin: int, end: int, instead: bytes) -> None:
        """Show ``instead`` in place of the bytes from ``begin`` to before ``end``.

        The file may end before ``end``: then nothing follows.
        """
        super().__init__()
        self._file = file
        self._begin = begin
        self._instead_end = begin + len(instead)
        self._moved = end - self._instead_end
        self._instead = instead
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read on; not beyond a seam, so fewer bytes may come than there are."""
        size = (1 << 30) if size < 0 else size
        if self._at < self._begin:
            data = self._read_file(self._at, min(size, self._begin - self._at))
        elif self._at < self._instead_end:
            start = self._at - self._begin
            data = self._instead[start : start + size]
        else:
            data = self._read_file(self._at + self._moved, size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go elsewhere."""
        if whence == io.SEEK_CUR:
            offset += self._at
        elif whence == io.SEEK_END:
            rest = self._file.seek(0, io.SEEK_END) - self._moved
            offset += max(rest, self._instead_end)
        if offset < 0:
            raise ValueError("before the beginning")
        self._at = offset
        return offset

    def _read_file(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)
