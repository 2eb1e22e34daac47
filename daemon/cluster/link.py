"""The daemon's end of the line to ``matted scheduler``: who works, and calls to them.

A Unix socket in the state directory, so that the daemon's unit needs no network. Whatever becomes
of the scheduler ends each call in flight with ``Lost``, and the line is taken up again by itself.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from daemon.cluster import frames
from daemon.cluster.frames import Frame, FrameError
from daemon.errors import MattedError
from matting.backoff import Backoff, Waits

SOCKET = "cluster.sock"
_WAITS = Waits(0.2, 5.0)
"""Between two tries to reach the scheduler."""
BEAT_S = 10.0
"""The scheduler says at least so often who is there."""
_SILENT_S = 3 * BEAT_S
_NOBODY = "the scheduler is not running (`matted scheduler`)"


class Lost(MattedError):
    """A call will never be answered: the worker, or the scheduler, is gone."""


class Late(MattedError):
    """A call was not answered in time; it is answered late, or never."""


class Stumbled(MattedError):
    """A worker answered that it cannot, with one line."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker that the scheduler knows."""

    id: str
    """Of this run of it."""
    address: str


@dataclass(eq=False, slots=True)
class _Call:
    """One that was not answered yet."""

    answer: SimpleQueue[Frame | Lost] = field(default_factory=SimpleQueue)


class Link:
    """The line; from ``start`` to ``stop`` a thread of its own listens."""

    def __init__(
        self, state_dir: Path, *, role: str, changed: Callable[[], None] = lambda: None
    ) -> None:
        """Nothing is reached yet.

        Args:
            state_dir: where the scheduler's socket is.
            role: "daemon", of which there is one; "guest" for who only asks.
            changed: called, from another thread, when other workers are there.
        """
        self._state_dir = state_dir
        self._role = role
        self._changed = changed
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._sock: socket.socket | None = None
        self._calls: dict[int, _Call] = {}
        self._number = 0
        self._seats: tuple[Seat, ...] = ()
        self._trouble: str | None = _NOBODY
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="cluster", daemon=True)

    @property
    def trouble(self) -> str | None:
        """Why no worker can be asked, one line; None while the scheduler answers."""
        return self._trouble

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The workers that the scheduler knows."""
        return self._seats

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End; every call in flight is lost."""
        self._stopping.set()
        self._hang_up()
        if self._thread.is_alive():
            self._thread.join(5)
        self._lose_all("the daemon is stopping")

    def call(
        self,
        seat: str,
        do: str,
        args: Mapping[str, Any],
        body: bytes = b"",
        *,
        timeout_s: float | None = None,
    ) -> Frame:
        """Have a worker do something, and wait for what it says.

        Raises:
            Lost: it, or the scheduler, is gone.
            Late: it did not answer in time.
            Stumbled: it cannot; what it says.
        """
        number, made = self._begun()
        told = {"call": number, "seat": seat, "do": do, "args": dict(args)}
        try:
            self._send(Frame(told, body))
            ended = made.answer.get(timeout=timeout_s)
        except Empty:
            self._cancel(number)
            raise Late(f"no answer within {timeout_s:g} s") from None
        finally:
            with self._lock:
                self._calls.pop(number, None)
        if isinstance(ended, Lost):
            raise ended
        return _answer(ended)

    def _begun(self) -> tuple[int, _Call]:
        with self._lock:
            self._number += 1
            made = self._calls[self._number] = _Call()
            return self._number, made

    def _send(self, frame: Frame) -> None:
        sock = self._sock
        if sock is None:
            raise Lost(self._trouble or _NOBODY)
        try:
            with self._sending:
                frames.send(sock, frame)
        except FrameError as error:
            raise Lost(str(error)) from error

    def _cancel(self, number: int) -> None:
        with contextlib.suppress(Lost):
            self._send(Frame({"cancel": number}))

    # The thread that listens

    def _serve(self) -> None:
        backoff = Backoff(_WAITS)
        while not self._stopping.is_set():
            try:
                with _connected(self._state_dir) as sock:
                    frames.send(sock, Frame({"role": self._role}))
                    self._listen(sock, backoff)
            except (OSError, FrameError) as error:
                self._told(_NOBODY if isinstance(error, OSError) else str(error))
            self._stopping.wait(backoff.next())

    def _listen(self, sock: socket.socket, backoff: Backoff) -> None:
        try:
            while not self._stopping.is_set():
                frame = frames.receive(sock)
                self._sock = sock
                backoff.reset()
                self._take(frame)
        finally:
            self._sock, self._seats = None, ()
            self._told(_NOBODY)
            self._lose_all("the scheduler is gone")

    def _take(self, frame: Frame) -> None:
        if "seats" in frame.header:
            seats = _seats(frame.header["seats"])
            if seats != self._seats or self._trouble is not None:
                self._seats = seats
                self._told(None)
            return
        with self._lock:
            made = self._calls.get(frame.header.get("call", 0))
        if made is not None:  # else nobody waits for it any more
            made.answer.put(frame)

    def _told(self, trouble: str | None) -> None:
        self._trouble = trouble
        self._changed()

    def _lose_all(self, reason: str) -> None:
        with self._lock:
            for made in self._calls.values():
                made.answer.put(Lost(reason))

    def _hang_up(self) -> None:
        if (sock := self._sock) is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _seats(told: object) -> tuple[Seat, ...]:
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise FrameError("the scheduler does not say who is there")
    return tuple(Seat(str(one.get("id")), str(one.get("address"))) for one in told)


def _answer(frame: Frame) -> Frame:
    match frame.header:
        case {"end": "done"}:
            return Frame.decoded(frame.body)
        case {"end": "lost", "reason": reason}:
            raise Lost(str(reason))
        case {"end": "failed", "reason": reason}:
            raise Stumbled(str(reason))
        case _:
            raise Stumbled("an answer that is none")


@contextlib.contextmanager
def _connected(state_dir: Path) -> Iterator[socket.socket]:
    with at(state_dir) as path, socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(_SILENT_S)
        sock.connect(path)
        yield sock


@contextlib.contextmanager
def at(state_dir: Path) -> Iterator[str]:
    """The socket's path, short enough for one wherever the state directory is.

    Raises:
        OSError: there is no such directory.
    """
    directory = os.open(state_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET}"
    finally:
        os.close(directory)
