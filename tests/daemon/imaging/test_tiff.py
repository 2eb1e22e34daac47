"""The directories of a TIFF are walked to their end, however odd they are, but not for ever."""

from __future__ import annotations

import struct
import time

import pytest

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging.pages import Chosen, choose
from daemon.imaging.tiff import MOST_ENTRIES, MOST_S, Directory, Tiff


def opened(data: bytes) -> Tiff:
    return Tiff(lambda offset, size: data[offset : offset + size], len(data))


def first(data: bytes) -> tuple[Tiff, Directory]:
    tiff = opened(data)
    return tiff, tiff.directory(tiff.first)


def tags_of(data: bytes) -> dict[int, float]:
    tiff, directory = first(data)
    return {tag: tiff.numbers(entry)[0] for tag, entry in directory.entries.items()}


def chosen(data: bytes, *, last_look: bool = False) -> Chosen:
    return choose(opened(data), last_look=last_look)


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
    assert chosen(little([(256, 4, 1, 77)], following=8)).page.tags == {256: 77}


def test_a_value_without_any_values_is_zero() -> None:
    assert chosen(little([(256, 16, 0, 0)])).page.tags == {256: 0}


@pytest.mark.parametrize("last_look", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        little([(273, 4, 500, 60)]),
        little([(256, 4, 1, 77)])[:15],
        little([(256, 4, 1, 77)]).replace(struct.pack("<L", 8), bytes(4), 1),
    ],
    ids=["strips", "directory", "no directory yet"],
)
def test_what_lies_beyond_the_end_is_not_ready(data: bytes, *, last_look: bool) -> None:
    with pytest.raises(NotReady, match="ends early"):
        chosen(data, last_look=last_look)


SIZE = [(256, 4, 1, 77), (257, 4, 1, 77)]


@pytest.mark.parametrize(
    "data",
    [
        little([*SIZE, (34675, 7, 500, 60)]),
        little(SIZE, following=5000),
        little(SIZE)[: 8 + 2 + 24],
        little(SIZE)[: 8 + 2 + 24 + 3],
    ],
    ids=["value", "next directory", "no pointer", "half a pointer"],
)
def test_what_is_missing_behind_a_whole_page_is_waited_for_and_then_told(data: bytes) -> None:
    with pytest.raises(NotReady, match="ends early"):
        chosen(data)
    assert len(chosen(data, last_look=True).warnings) == 1


def overlapping(directories: int, entries: int) -> bytes:
    """Directories 12 bytes apart, each of as many entries, which are the others' too.

    An entry's last two bytes are the number of entries of the directory that begins there, and the
    first four of a later one are the pointer of an earlier directory to the next.
    """
    data = bytearray(struct.pack("<2sHLH", b"II", 42, 8, entries))
    for number in range(entries + directories):
        pointer = 8 + 12 * (number - entries + 1)
        first = (3 << 16) + 256 if number < entries else pointer
        if number == entries + directories - 1:
            first = 0
        data += struct.pack("<LLHH", first, 1, 77, entries)
    return bytes(data)


@pytest.mark.parametrize("last_look", [False, True])
def test_thousands_of_directories_across_each_other_are_given_up_soon(*, last_look: bool) -> None:
    """A file of 770 kB took minutes: 4,000 directories have 60,000 entries each."""
    data = overlapping(4000, 60_000)
    began_s = time.monotonic()
    with pytest.raises(NotAPhoto, match="no end"):
        chosen(data, last_look=last_look)
    assert time.monotonic() - began_s < MOST_S


@pytest.mark.usefixtures("untraced")
def test_ten_thousand_pages_of_twenty_tags_are_read() -> None:
    """An honest file of as many is within the budget."""
    tags = [(tag, 4, 1, 1) for tag in range(256, 276)]
    each = 2 + 12 * len(tags) + 4
    data = bytearray(struct.pack("<2sHL", b"II", 42, 8))
    for number in range(9_999):
        following = 8 + each * (number + 1) if number < 9_998 else 0
        data += little(tags, following)[8 : 8 + each]
    assert 9_999 * len(tags) < MOST_ENTRIES
    assert chosen(bytes(data)).warnings == ("page 1 of 9999 read",)


def test_more_pages_than_any_photo_has_are_refused() -> None:
    data = bytearray(struct.pack("<2sHL", b"II", 42, 8))
    for number in range(10_002):
        data += struct.pack("<HL", 0, 8 + 6 * (number + 1))
    with pytest.raises(NotAPhoto, match="more than 10000 pages"):
        chosen(bytes(data))


def test_a_walk_ends_when_its_time_is_over() -> None:
    data = little([(256, 4, 1, 77)])
    now = iter([0.0, MOST_S - 1, MOST_S + 1])
    tiff = Tiff(lambda at, size: data[at : at + size], len(data), clock=lambda: next(now))
    tiff.directory(8)
    with pytest.raises(NotAPhoto):
        tiff.directory(8)
