"""Frames between the daemon, its scheduler and workers: a JSON object and bytes, never pickle.

A frame is ``MAGIC``, the lengths of both (uint32, big-endian), the object in UTF-8 and the bytes.
Who reads one is the daemon, and whoever sends it may have been anybody: every length is checked
before memory is taken.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import Any

from daemon.errors import MattedError

MAGIC = b"mtc\x01"
PIECE_BYTES = 4 << 20
"""So much of a file travels at once."""
MOST_HEADER_BYTES = 4 << 20
MOST_BODY_BYTES = 2 * PIECE_BYTES
_PREFIX = struct.Struct(">4sII")


class FrameError(MattedError):
    """What came is no frame, or the other end is gone."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One of them."""

    header: dict[str, Any]
    body: bytes = b""

    def encoded(self) -> bytes:
        """As it travels.

        Raises:
            FrameError: it is longer than any may be.
        """
        head = json.dumps(self.header).encode()
        _demand(len(head), len(self.body))
        return _PREFIX.pack(MAGIC, len(head), len(self.body)) + head + self.body

    @classmethod
    def decoded(cls, data: bytes) -> Frame:
        """The inverse of ``encoded``.

        Raises:
            FrameError: it is none, or not all of it, or more.
        """
        head, body = _lengths(data[: _PREFIX.size])
        if len(data) != _PREFIX.size + head + body:
            raise FrameError("a frame of another length than it says")
        return cls(_parsed(data[_PREFIX.size :][:head]), data[_PREFIX.size + head :])


def send(sock: socket.socket, frame: Frame) -> None:
    """Send one.

    Raises:
        FrameError: nobody reads any more, or it is too long.
    """
    try:
        sock.sendall(frame.encoded())
    except OSError as error:
        raise FrameError(f"the other end is gone: {error}") from error


def receive(sock: socket.socket) -> Frame:
    """Wait for one.

    Raises:
        FrameError: the other end is gone, or what came is no frame.
    """
    head, body = _lengths(_read(sock, _PREFIX.size))
    return Frame(_parsed(_read(sock, head)), _read(sock, body))


async def read(reader: asyncio.StreamReader) -> Frame:
    """The same, where nobody may wait.

    Raises:
        FrameError: as ``receive``.
    """
    try:
        head, body = _lengths(await reader.readexactly(_PREFIX.size))
        return Frame(_parsed(await reader.readexactly(head)), await reader.readexactly(body))
    except (OSError, asyncio.IncompleteReadError) as error:
        raise FrameError(f"the other end is gone: {error}") from error


def _read(sock: socket.socket, count: int) -> bytes:
    taken = bytearray()
    while len(taken) < count:
        try:
            piece = sock.recv(min(count - len(taken), 1 << 20))
        except OSError as error:
            raise FrameError(f"the other end is gone: {error}") from error
        if not piece:
            raise FrameError("the other end is gone")
        taken += piece
    return bytes(taken)


def _lengths(prefix: bytes) -> tuple[int, int]:
    if len(prefix) != _PREFIX.size:
        raise FrameError("a frame of another length than it says")
    magic, head, body = _PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise FrameError(f"expected a frame, got the bytes {bytes(magic)!r}")
    _demand(head, body)
    return head, body


def _demand(head: int, body: int) -> None:
    if not 0 < head <= MOST_HEADER_BYTES or body > MOST_BODY_BYTES:
        raise FrameError(f"a frame of {head} and {body} bytes is longer than any may be")


def _parsed(head: bytes) -> dict[str, Any]:
    try:
        header = json.loads(head)
    except ValueError as error:
        raise FrameError("a frame whose header is no JSON") from error
    if not isinstance(header, dict):
        raise FrameError("a frame whose header is no JSON object")
    return header
