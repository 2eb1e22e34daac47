"""Frames between clients and an engine process, over a Unix stream socket.

A frame is ``MAGIC``, the header's length (uint32, big-endian), the header (one JSON object in
UTF-8) and, where the header has ``array: {dtype, shape, bytes}``, that many raw bytes in C order
and the machine's own byte order. No pickle: the engine runs other people's frameworks, and what
it sends must not be able to run code on this side. Every size is checked before memory is taken.

The conversation, version ``PROTOCOL``:

    engine  {protocol, engine, pid, model, framework, device, ...}   the hello, once
    client  {op: "matte", id, timeout_s} + RGB uint8 (H, W, 3), for a refiner (H, W, 5)
    engine  {id, begun: true}                                        its turn has come
    engine  {id, people, facts, took_s} + alpha uint8 (H, W)
       or   {id, error, reason}                                      error: a key of ``ERRORS``

Runs on Python 3.7 too.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from matting.errors import PeerClosed, WireError, WireTimeout

PROTOCOL = 1
MAGIC = b"mat\x01"
MAX_HEADER_BYTES = 64 * 1024
MAX_ARRAY_BYTES = 2 * 1024**3
DTYPES = ("uint8", "uint16", "float32")
ERRORS = {
    "refused": "the engine cannot matte this picture",
    "out_of_memory": "once more at a smaller size may work",
    "failed": "an exception that the engine did not expect",
    "bad_answer": "the engine's answer does not keep its contract",
    "bad_request": "the client's request is not one",
}

_PREFIX = struct.Struct(">4sI")


class Frame(NamedTuple):
    """One frame as received."""

    header: Dict[str, Any]
    """Without the ``array`` entry."""
    array: Optional[np.ndarray]
    """Owns its memory; None where the frame has no array."""


def send(
    sock: socket.socket,
    header: Dict[str, Any],
    array: Optional[np.ndarray] = None,
    until_s: Optional[float] = None,
) -> None:
    """Send one frame.

    Args:
        sock: a connected stream socket.
        header: JSON values; no ``array`` key.
        array: uint8, uint16 or float32 with at least one element; need not be contiguous.
        until_s: when to give up, on the monotonic clock; None leaves the socket's timeout alone.

    Raises:
        ValueError: the header or the array cannot be framed; nothing was sent.
        PeerClosed: nobody is reading any more.
        WireTimeout: the other end did not take it in time; close the connection.
    """
    head, body = _encode(header, array)
    try:
        _set_timeout(sock, until_s)
        sock.sendall(head)
        if body is not None:
            _set_timeout(sock, until_s)
            sock.sendall(body)
    except (socket.timeout, BlockingIOError) as error:  # the latter comes from SO_SNDTIMEO
        raise WireTimeout("the other end did not take the data in time") from error
    except OSError as error:
        raise PeerClosed(f"the other end is gone: {error}") from error


def receive(
    sock: socket.socket,
    until_s: Optional[float] = None,
    max_array_bytes: int = MAX_ARRAY_BYTES,
) -> Frame:
    """Receive one frame, its array straight into the memory it will live in.

    Args:
        sock: a connected stream socket.
        until_s: when to give up, on the monotonic clock; None leaves the socket's timeout alone.
        max_array_bytes: refuse larger arrays before allocating them.

    Raises:
        PeerClosed: the stream ended.
        WireTimeout: the frame was not complete in time.
        WireError: what came is not a frame; the message says what it is instead.
    """
    magic, length = _PREFIX.unpack(_read(sock, _PREFIX.size, until_s))
    if magic != MAGIC:
        raise WireError(f"expected a frame, got the bytes {bytes(magic)!r}")
    if not 0 < length <= MAX_HEADER_BYTES:
        raise WireError(f"a header of {length} bytes is outside 1 to {MAX_HEADER_BYTES}")
    header = _parse(_read(sock, length, until_s))
    described = header.pop("array", None)
    if described is None:
        return Frame(header, None)
    dtype, shape = _check(described, max_array_bytes)
    try:
        array = np.empty(shape, dtype)
    except MemoryError as error:
        raise WireError(f"no memory for an array of {described['bytes']} bytes") from error
    _fill(sock, array.data.cast("B"), until_s)
    return Frame(header, array)


def _encode(
    header: Dict[str, Any], array: Optional[np.ndarray]
) -> Tuple[bytes, Optional[memoryview]]:
    body = None
    if array is not None:
        if array.dtype.name not in DTYPES or array.size == 0:
            raise ValueError(f"no frame for an array of {array.dtype} {array.shape}")
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        described = {"dtype": array.dtype.name, "shape": array.shape, "bytes": array.nbytes}
        header = dict(header, array=described)
        body = array.data.cast("B")
    try:
        text = json.dumps(header, allow_nan=False).encode("ascii")
    except (TypeError, RecursionError) as error:
        raise ValueError(f"the header is not JSON: {error}") from error
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"a header of {len(text)} bytes is over {MAX_HEADER_BYTES}")
    return _PREFIX.pack(MAGIC, len(text)) + text, body


def _parse(text: bytearray) -> Dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # deeply nested brackets exhaust the stack
        raise WireError(f"the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise WireError(f"the header is a JSON {type(header).__name__}, not an object")
    return header


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _check(described: Any, max_array_bytes: int) -> Tuple[str, Tuple[int, ...]]:
    """The dtype and shape that the header announces, if they may be allocated."""
    if not isinstance(described, dict):
        raise WireError("the header's array is not an object")
    dtype, shape, size = (described.get(key) for key in ("dtype", "shape", "bytes"))
    if dtype not in DTYPES:
        raise WireError(f"arrays of dtype {dtype!r:.40} are not taken")
    if not isinstance(shape, list) or not 1 <= len(shape) <= 4:
        raise WireError("the array's shape is not a list of 1 to 4 sizes")
    if not all(type(side) is int and 0 < side <= MAX_ARRAY_BYTES for side in shape):
        raise WireError(f"the array's shape {shape!r:.80} is not made of sizes")
    expected = np.dtype(dtype).itemsize
    for side in shape:
        expected *= side
    if type(size) is not int or size != expected:
        raise WireError(f"an array of {dtype} {shape} has {expected} bytes, not {size!r:.40}")
    if size > max_array_bytes:
        raise WireError(f"an array of {size} bytes is over {max_array_bytes}")
    return dtype, tuple(shape)


def _read(sock: socket.socket, size: int, until_s: Optional[float]) -> bytearray:
    data = bytearray(size)
    _fill(sock, memoryview(data), until_s)
    return data


def _fill(sock: socket.socket, view: memoryview, until_s: Optional[float]) -> None:
    filled = 0
    while filled < len(view):
        try:
            _set_timeout(sock, until_s)
            count = sock.recv_into(view[filled:])
        except (socket.timeout, BlockingIOError) as error:
            raise WireTimeout("nothing came in time") from error
        except OSError as error:
            raise PeerClosed(f"the connection broke: {error}") from error
        if count == 0:
            raise PeerClosed(f"the connection was closed after {filled} of {len(view)} bytes")
        filled += count


def _set_timeout(sock: socket.socket, until_s: Optional[float]) -> None:
    if until_s is None:
        return
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise socket.timeout
    sock.settimeout(left_s)
