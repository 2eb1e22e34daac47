"""The chunks of a PNG are walked to its end, but not for ever."""

from __future__ import annotations

import struct
import time

import pytest

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging import png


@pytest.mark.usefixtures("untraced")
def test_millions_of_empty_chunks_are_given_up_soon() -> None:
    empty = struct.pack(">I4sI", 0, b"tEXt", 0)
    data = b"\x89PNG\r\n\x1a\n" + empty * 1_500_000
    began_s = time.monotonic()
    with pytest.raises(NotAPhoto, match="more than 1000000 chunks"):
        for _ in png.chunks(lambda at, size: data[at : at + size], len(data)):
            pass
    assert time.monotonic() - began_s < 10


def test_room_that_was_reserved_is_waited_for_and_not_walked_through() -> None:
    data = b"\x89PNG\r\n\x1a\n" + bytes(16_000_000)
    began_s = time.monotonic()
    with pytest.raises(NotReady, match="nothing but zeros from byte 8 on"):
        list(png.chunks(lambda at, size: data[at : at + size], len(data)))
    assert time.monotonic() - began_s < 1


def test_a_chunk_longer_than_the_file_ends_it() -> None:
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 0xFFFFFFFF, b"IDAT")
    with pytest.raises(NotReady, match="no end mark"):
        list(png.chunks(lambda at, size: data[at : at + size], len(data)))
