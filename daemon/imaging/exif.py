"""Exif: a small TIFF without pixels, inside a photo or spread over a TIFF's own directories.

Source: Exif 2.32 (CIPA DC-008).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from daemon.imaging.guard import harmless
from daemon.imaging.tiff import SIZES, Directory, Tag, Tiff, numbers

PHOTO, GPS, INTEROPERABILITY = 34665, 34853, 40965
"""Tags that point to further directories."""

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296

_PREFIX = b"Exif\0\0"
_MOST_TAG_BYTES = 1 << 14
_CLASSIC_KINDS = range(1, 13)


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


def _value(tiff: Tiff, entry: Tag) -> Value | None:
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
