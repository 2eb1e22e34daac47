"""Ask a running engine for a matte; lives in the photo process."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matting.closing import Closing
from matting.engines import REFINED, Answer
from matting.errors import (
    EngineFaulted,
    EngineLost,
    EngineOutOfMemory,
    EngineUnavailable,
    PeerClosed,
    RequestRefused,
    WireError,
    WireTimeout,
)
from matting.process import wire

GRACE_S = 5.0
"""What a client adds to a request's deadline: the host's TERM, 3 s and KILL come first, so that
the client normally sees the engine end rather than guess that it hangs."""
_RAISED = {"out_of_memory": EngineOutOfMemory, "failed": EngineFaulted}
"""What the engine's error kinds become; the others are RequestRefused."""
HELLO_S = 5.0
RETRY_S = 0.05


def connect(socket_path: Path | str, *, wait_s: float) -> Connection:
    """Connect to the engine that listens at ``socket_path``; wait while it starts or restarts.

    Cheap enough (well under a millisecond) to be done for every photo, which also meets an engine
    that was restarted since the last one.

    Args:
        socket_path: the host's ``socket_path``.
        wait_s: how long to keep trying, seconds; 0 tries once.

    Raises:
        EngineUnavailable: nobody answered in time, or another program or version did.
    """
    until_s = time.monotonic() + wait_s
    while True:
        try:
            return _connect_once(socket_path)
        except (OSError, PeerClosed, WireTimeout) as error:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                reason = f"no engine answers at {socket_path} after {wait_s:g} s: {error}"
                raise EngineUnavailable(reason) from error
            time.sleep(min(RETRY_S, left_s))


def _connect_once(socket_path: Path | str) -> Connection:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(HELLO_S)
        sock.connect(str(socket_path))
        hello = wire.receive(sock, until_s=time.monotonic() + HELLO_S).header
        _check_hello(hello)
    except (PeerClosed, WireTimeout):
        sock.close()
        raise
    except WireError as error:
        sock.close()
        reason = f"no engine, but another program, listens at {socket_path}: {error}"
        raise EngineUnavailable(reason) from error
    except BaseException:
        sock.close()
        raise
    return Connection(sock, hello)


def _check_hello(hello: dict[str, Any]) -> None:
    if hello.get("protocol") != wire.PROTOCOL:
        theirs = f"{hello.get('protocol')!r:.20}"
        reason = f"the engine speaks protocol {theirs}, this program {wire.PROTOCOL}"
        raise EngineUnavailable(reason)
    if type(hello.get("pid")) is not int:
        raise EngineUnavailable("the engine's hello does not tell its process")


class Connection(Closing):
    """One conversation with one engine process; one request at a time. A context manager."""

    def __init__(self, sock: socket.socket, hello: dict[str, Any]) -> None:
        self._sock = sock
        self.hello = hello
        """What the engine said of itself: protocol, engine, pid, model, framework, device, ..."""
        self.pid: int = hello["pid"]

    def close(self) -> None:
        """Close the connection; the engine drops a request that is still queued."""
        self._sock.close()

    def matte(
        self, pixels: NDArray[np.uint8], *, photo: str, timeout_s: float, queue_timeout_s: float
    ) -> Answer:
        """Have one picture matted.

        Args:
            pixels: (height, width, 3) uint8 RGB; for a refiner with its other planes.
            photo: the photo's id, at most 512 characters; the host blames it if the engine dies.
            timeout_s: how long the engine may compute, counted from its turn.
            queue_timeout_s: how long to wait for that turn, the sending of the pixels included.

        Returns:
            Answer with alpha uint8 (height, width). ``facts`` also has ``took_s`` (computing) and
            ``queued_s``.

        Raises:
            EngineLost: it ended, hung, did not get round to this picture in time, or sent what
                is no answer. Nothing it says can be relied on then, so the connection is closed;
                ask ``EngineHost.blames`` whether this photo was the one at work.
            EngineOutOfMemory: once more at a smaller size may work.
            RequestRefused: the engine lives, but this picture cannot be matted. Its subclass
                EngineFaulted: it raised what it did not expect, so another attempt may work.
            ValueError: the pixels are not uint8 (height, width, planes).
        """
        if pixels.dtype != np.uint8 or pixels.shape[2:] not in {(3,), (REFINED,)}:
            raise ValueError(
                f"expected uint8 (height, width, planes), got {pixels.dtype} {pixels.shape}"
            )
        asked_s = time.monotonic()
        request = {"op": "matte", "id": photo, "timeout_s": timeout_s}
        begun = self._ask(request, pixels, asked_s + queue_timeout_s)
        begun_s = time.monotonic()
        answer = begun
        if "error" not in begun.header:
            answer = self._await(photo, begun_s + timeout_s + GRACE_S, "while at work")
        queued_s = round(begun_s - asked_s, 6)
        return self._judge(answer, pixels.shape[:2], queued_s)

    def _ask(
        self, request: dict[str, Any], pixels: NDArray[np.uint8], until_s: float
    ) -> wire.Frame:
        try:
            wire.send(self._sock, request, pixels, until_s=until_s)
        except WireError as error:
            raise self._lost(f"the engine was lost before it took the request: {error}") from error
        frame = self._await(request["id"], until_s, "while the photo was queued")
        if "error" not in frame.header and frame.header.get("begun") is not True:
            raise self._lost("the engine answered before it began")
        return frame

    def _await(self, photo: str, until_s: float, when: str) -> wire.Frame:
        try:
            frame = wire.receive(self._sock, until_s=until_s)
        except PeerClosed as error:
            raise self._lost(f"the engine process ended {when}") from error
        except WireTimeout as error:
            raise self._lost(f"the engine missed the deadline {when}") from error
        except WireError as error:
            raise self._lost(f"the engine talked nonsense {when}: {error}") from error
        if frame.header.get("id") != photo and frame.header.get("error") != "bad_request":
            raise self._lost(f"the engine answered for another photo {when}")
        return frame

    def _judge(self, frame: wire.Frame, size: tuple[int, int], queued_s: float) -> Answer:
        header, alpha = frame
        if "error" in header:
            kind = _RAISED.get(str(header["error"]), RequestRefused)
            raise kind(str(header.get("reason") or header["error"]))
        if alpha is None or alpha.dtype != np.uint8 or alpha.shape != size:
            got = "none" if alpha is None else f"{alpha.dtype} {alpha.shape}"
            raise self._lost(f"expected an alpha of uint8 {size}, got {got}")
        people, facts, took_s = (header.get(key) for key in ("people", "facts", "took_s"))
        if not (people is None or type(people) is int) or not isinstance(facts, dict):
            raise self._lost("the engine's answer lacks its facts")
        return Answer(alpha, people, {**facts, "took_s": took_s, "queued_s": queued_s})

    def _lost(self, reason: str) -> EngineLost:
        self.close()
        return EngineLost(reason, self.pid)
