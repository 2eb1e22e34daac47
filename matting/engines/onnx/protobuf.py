"""A protobuf message, field by field, as protobuf's own parsers see it, or else refused.

What they disagree about among themselves, and what no writer of networks makes (groups, numbers of
fields beyond 29 bits, more than ten bytes for a varint), is refused: two readings of one file are
how something is hidden in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_TAG_BYTES, _LONGEST_VARINT_BYTES = 5, 10
_LAST_TAG = (1 << 32) - 1
_BITS64 = (1 << 64) - 1


class Malformed(Exception):
    """These bytes are no protobuf."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it stands in the message; the same number may come again."""

    number: int
    wire: int
    """How it is written. A reader takes no notice of one that is written in a way that does not
    fit the field's type: it is unknown to it, as if it had another number."""
    value: int | memoryview
    """An unsigned number of 64 bits, or bytes, which are a view."""

    def text(self) -> bytes | None:
        """As a string or a message within; None if it is written as neither."""
        return bytes(self.value) if isinstance(self.value, memoryview) else None

    def enum(self) -> int | None:
        """As an enumeration, of which 32 bits count; None if it is not written as one."""
        if self.wire != VARINT or not isinstance(self.value, int):
            return None
        return self.value & 0xFFFFFFFF


def fields(message: memoryview) -> Iterator[Field]:
    """Take a message apart; nothing is copied.

    Raises:
        Malformed: it is none.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at, _LONGEST_TAG_BYTES)
        number, wire = key >> 3, key & 7
        if not number or key > _LAST_TAG:
            raise Malformed
        if wire == VARINT:
            value, at = _varint(message, at, _LONGEST_VARINT_BYTES)
            yield Field(number, wire, value & _BITS64)
            continue
        size, at = _size(message, at, wire)
        if at + size > len(message):
            raise Malformed
        # A reader knows no field of these widths here that matters; only bytes are looked into.
        part = message[at : at + size]
        yield Field(number, wire, part if wire == BYTES else int.from_bytes(part, "little"))
        at += size


def _size(message: memoryview, at: int, wire: int) -> tuple[int, int]:
    if wire == BYTES:
        return _varint(message, at, _LONGEST_VARINT_BYTES)
    if wire == FIXED64:
        return 8, at
    if wire == FIXED32:
        return 4, at
    raise Malformed


def _varint(message: memoryview, at: int, longest: int) -> tuple[int, int]:
    """A number in sevens of bits, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 7 * longest, 7):
        if at >= len(message):
            raise Malformed
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise Malformed
