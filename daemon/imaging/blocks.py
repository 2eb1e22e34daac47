"""Exif written: as a block of its own, or as directories of a TIFF."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from daemon.imaging.exif import GPS, PHOTO, Exif, Tags, Value, in_order
from daemon.imaging.tiff import Layout

_MOST_BYTES = 60_000
"""About what a JPEG has room for."""
_LONG, _LONG8 = 4, 16


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
