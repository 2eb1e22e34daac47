"""Frames: what comes over the line may be anything, and takes no memory before it was looked at."""

from __future__ import annotations

import socket
import struct

import pytest

from daemon.cluster import frames
from daemon.cluster.frames import Frame, FrameError


def test_a_frame_arrives_as_it_was_sent() -> None:
    near, far = socket.socketpair()
    with near, far:
        frames.send(near, Frame({"call": 1, "path": "\udcff"}, b"\x00\xff" * 100))
        assert frames.receive(far) == Frame({"call": 1, "path": "\udcff"}, b"\x00\xff" * 100)
        near.close()
        with pytest.raises(FrameError, match="gone"):
            frames.receive(far)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "expected a frame"),
        (struct.pack(">4sII", frames.MAGIC, 0, 0), "longer than any"),
        (struct.pack(">4sII", frames.MAGIC, 2**32 - 1, 0), "longer than any"),
        (struct.pack(">4sII", frames.MAGIC, 2, 2**32 - 1) + b"{}", "longer than any"),
        (struct.pack(">4sII", frames.MAGIC, 2, 0) + b"[]", "no JSON object"),
        (struct.pack(">4sII", frames.MAGIC, 2, 0) + b"{x", "no JSON"),
        (struct.pack(">4sII", frames.MAGIC, 9, 0) + b"{}", "another length"),
        (b"mtc", "another length"),
    ],
)
def test_what_is_no_frame_is_told_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(FrameError, match=reason):
        Frame.decoded(data)


def test_too_much_is_not_sent() -> None:
    with pytest.raises(FrameError, match="longer than any"):
        Frame({}, bytes(frames.MOST_BODY_BYTES + 1)).encoded()
