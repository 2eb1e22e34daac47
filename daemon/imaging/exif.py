"""Exif: a small TIFF without pixels, inside a photo or spread over a TIFF's own directories.

Source: Exif 2.32 (CIPA DC-008).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from daemon.imaging.guard import harmless
from daemon.imaging.tiff import SIZES, Directory, Entry, Layout, Tiff, numbers

PHOTO, GPS, INTEROPERABILITY = 34665, 34853, 40965
"""Tags that point to further directories."""

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296

_PREFIX = b"Exif\0\0"
_MOST_TAG_BYTES = 1 << 14
_MOST_BYTES = 60_000
"""About what a JPEG has room for."""
_CLASSIC_KINDS = range(1, 13)
_LONG, _LONG8 = 4, 16


@dataclass(frozen=True, slots=True)
class Value:
    """All values of one tag."""

    kind: int
    raw: bytes
    """Little-endian."""

    @property
    def count(self) -> int:
        """How many."""
        return len(self.raw) // SIZES[self.kind]


@dataclass(frozen=True, slots=True)
class Tags:
    """Those of one directory."""

    values: Mapping[int, Value] = field(default_factory=dict)

    def number(self, tag: int) -> float | None:
        """A tag's first value; None where it has none, or nonsense."""
        value = self.values.get(tag)
        if value is None:
            return None
        return harmless(lambda: numbers(value.kind, value.raw, "<")[0], None)

    def text(self, tag: int) -> str:
        """A tag's text; empty where it has none."""
        value = self.values.get(tag)
        return value.raw.split(b"\0")[0].decode("utf-8", "replace").strip() if value else ""


@dataclass(frozen=True, slots=True)
class Exif:
    """What we know of an Exif's directories; that of the thumbnail is left out."""

    image: Tags = Tags()
    photo: Tags = Tags()
    gps: Tags = Tags()
    interoperability: Tags = Tags()


NONE = Exif()


def of_block(block: bytes) -> Exif:
    """Read the block that JPEG, PNG and WebP keep; what is nonsense in it is left out."""
    block = block.removeprefix(_PREFIX)

    def read(offset: int, size: int) -> bytes:
        return block[offset : offset + size]

    def parsed() -> Exif:
        tiff = Tiff(read, len(block))
        return of_directory(tiff, tiff.directory(tiff.first))

    return harmless(parsed, NONE)


def of_page(tiff: Tiff, page: Directory) -> Exif:
    """Read what a TIFF says of the page; what that leaves out, as the first page says it."""
    own = of_directory(tiff, page)
    first = harmless(lambda: of_directory(tiff, tiff.directory(tiff.first)), NONE)
    return Exif(
        Tags({**first.image.values, **own.image.values}),
        own.photo if own.photo.values else first.photo,
        own.gps if own.gps.values else first.gps,
        own.interoperability if own.interoperability.values else first.interoperability,
    )


def of_directory(tiff: Tiff, image: Directory) -> Exif:
    """Read the tags of a page, and the directories that they point to."""
    photo = _pointed_to(tiff, image, PHOTO)
    return Exif(
        _tags(tiff, image),
        _tags(tiff, photo),
        _tags(tiff, _pointed_to(tiff, image, GPS)),
        _tags(tiff, _pointed_to(tiff, photo, INTEROPERABILITY)),
    )


def _pointed_to(tiff: Tiff, directory: Directory | None, tag: int) -> Directory | None:
    entry = directory.entries.get(tag) if directory else None
    if entry is None:
        return None
    return harmless(lambda: tiff.directory(int(tiff.numbers(entry, most=1)[0])), None)


def _tags(tiff: Tiff, directory: Directory | None) -> Tags:
    values = {}
    for tag, entry in directory.entries.items() if directory else ():
        if value := harmless(lambda entry=entry: _value(tiff, entry), None):  # type: ignore[misc] # a default binds it
            values[tag] = value
    return Tags(values)


def _value(tiff: Tiff, entry: Entry) -> Value | None:
    if entry.kind not in _CLASSIC_KINDS or not entry.count:
        return None
    raw = tiff.raw(entry, most_bytes=_MOST_TAG_BYTES)
    return Value(entry.kind, in_order(raw, entry.kind, tiff.layout.order))


def in_order(raw: bytes, kind: int, order: str) -> bytes:
    """Bytes from little-endian into ``order``, or back."""
    each = SIZES[kind] // 2 if kind in {5, 10} else SIZES[kind]
    if order == "<" or each == 1:
        return raw
    return np.frombuffer(raw, f"u{each}").byteswap().tobytes()


def block_of(exif: Exif) -> bytes:
    """Write a block, without thumbnail and of bounded size; empty where there is nothing to tell.

    Returns:
        The block as PNG keeps it, little-endian.
    """
    layout = Layout("<", "H", "HHL4s", "L")
    bounded = _bounded(exif)
    if not any((bounded.image.values, bounded.photo.values, bounded.gps.values)):
        return b""
    body, at = laid_out(bounded, layout, 8, {})
    return b"II*\0" + at.to_bytes(4, "little") + body


def _bounded(exif: Exif) -> Exif:
    left, kept = _MOST_BYTES, []
    for tags in (exif.image, exif.photo, exif.gps):
        values = {}
        for tag, value in tags.values.items():
            if left >= 12 + len(value.raw):
                left -= 12 + len(value.raw)
                values[tag] = value
        kept.append(Tags(values))
    return Exif(*kept)


def laid_out(exif: Exif, layout: Layout, at: int, others: Mapping[int, bytes]) -> tuple[bytes, int]:
    """Directories and values as they stand in a file.

    Args:
        exif: what they are to hold.
        layout: of the file.
        at: the offset in the file where they will stand, even.
        others: entries of the main directory, by tag, that are laid out already.

    Returns:
        The bytes, and the main directory's offset in the file.
    """
    body, pointers = b"", dict[int, Value]()
    for tag, tags in ((PHOTO, exif.photo), (GPS, exif.gps)):
        if tags.values:
            part, offset = _directory(tags.values, layout, at + len(body), {})
            body += part
            wide = layout.offset == "Q"
            pointers[tag] = Value(
                _LONG8 if wide else _LONG, offset.to_bytes(8 if wide else 4, "little")
            )
    part, offset = _directory({**exif.image.values, **pointers}, layout, at + len(body), others)
    return body + part, offset


def _directory(
    values: Mapping[int, Value], layout: Layout, at: int, others: Mapping[int, bytes]
) -> tuple[bytes, int]:
    order, room, body = layout.order, layout.size(layout.offset), b""
    entries = dict(others)
    for tag, value in sorted(values.items()):
        field = in_order(value.raw, value.kind, order)
        if len(field) > room:
            place = struct.pack(order + layout.offset, at + len(body))
            body += field + bytes(len(field) % 2)
            field = place
        packed = (tag, value.kind, value.count, field.ljust(room, b"\0"))
        entries[tag] = struct.pack(order + layout.entry, *packed)
    listed = b"".join(entries[tag] for tag in sorted(entries))
    head = struct.pack(order + layout.count, len(entries))
    end = bytes(room)
    body += head + listed + end
    return body + bytes(len(body) % 2), at + len(body) - len(head + listed + end)
