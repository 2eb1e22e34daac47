"""The directories of a TIFF are walked to their end, however odd they are."""

from __future__ import annotations

import struct

import pytest

from daemon.errors import NotReady
from daemon.imaging.tiff import first_directory


def tags_of(data: bytes) -> dict[int, int]:
    return first_directory(lambda offset, size: data[offset : offset + size], len(data))


def little(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """A classic TIFF of one directory at offset 8."""
    body = b"".join(struct.pack("<HHLL", *entry) for entry in entries)
    directory = struct.pack("<H", len(entries)) + body + struct.pack("<L", following)
    return b"II*\0" + struct.pack("<L", 8) + directory + bytes(64)


def test_small_values_and_values_elsewhere_are_both_read() -> None:
    data = bytearray(little([(256, 4, 1, 77), (258, 3, 3, 60)]))
    data[60:66] = struct.pack("<HHH", 16, 16, 16)
    assert tags_of(bytes(data)) == {256: 77, 258: 16}


def test_directories_that_lead_in_a_circle_are_walked_once() -> None:
    assert tags_of(little([(256, 4, 1, 77)], following=8)) == {256: 77}


def test_a_value_without_any_values_is_zero() -> None:
    assert tags_of(little([(256, 16, 0, 0)])) == {256: 0}


@pytest.mark.parametrize(
    "data",
    [
        little([(34675, 7, 500, 60)]),
        little([(256, 4, 1, 77)], following=5000),
        little([(256, 4, 1, 77)])[:15],
    ],
    ids=["value", "next directory", "directory"],
)
def test_what_lies_beyond_the_end_is_not_ready(data: bytes) -> None:
    with pytest.raises(NotReady, match="ends early"):
        tags_of(data)
