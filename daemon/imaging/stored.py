"""Whether the pixels that a TIFF's directories tell of are in the file, asked before decoding."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.errors import NotReady
from daemon.imaging.tiff import Directory, Tiff

_STRIPS, _STRIP_BYTES = 273, 279
_TILES, _TILE_BYTES = 324, 325
_SUB_DIRECTORIES = 330
_MOST_DIRECTORIES = 64
_MOST_PARTS = 1 << 20


def demand_pixels(tiff: Tiff, size_bytes: int) -> None:
    """Refuse a file that ends before the last strip or tile of any picture in it.

    Raises:
        NotReady: it does.
        NotAPhoto: its directories have no end.
    """
    for directory in _all(tiff):
        if lacking := tiff.lacking(directory):
            raise _early(max(lacking.values()))
        for where, lengths in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
            end = _end(tiff, directory, where, lengths)
            if end > size_bytes:
                raise _early(end)


def _early(needed_bytes: int) -> NotReady:
    return NotReady(f"ends early: it should have at least {needed_bytes} bytes")


def _end(tiff: Tiff, directory: Directory, where: int, lengths: int) -> int:
    if where not in directory.entries or lengths not in directory.entries:
        return 0
    starts = tiff.numbers(directory.entries[where], most=_MOST_PARTS)
    sizes = tiff.numbers(directory.entries[lengths], most=_MOST_PARTS)
    return int(max((a + b for a, b in zip(starts, sizes, strict=False)), default=0))


def _all(tiff: Tiff) -> Iterator[Directory]:
    """The pages, and what hangs below each."""
    left, seen = [tiff.first], set[int]()
    while left and len(seen) < _MOST_DIRECTORIES:
        offset = left.pop()
        if not offset or offset in seen:
            continue
        seen.add(offset)
        directory = tiff.directory(offset)
        yield directory
        left.append(tiff.next_offset(directory))
        if below := directory.entries.get(_SUB_DIRECTORIES):
            left += [int(number) for number in tiff.numbers(below)]
