"""One engine process as its host sees it: what it tells, what it says, how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matting.launch import EngineSpec, Place, spawn

LAST_WORDS = 50
MAX_LINE_BYTES = 4096
GRACE_S = 3.0
"""Between TERM and KILL."""


@dataclass(frozen=True, slots=True)
class Work:
    """The photo that an engine has begun."""

    photo: str
    due_s: float
    """Monotonic clock."""


class EngineProcess:
    """A running engine. Of one thread alone: the one that started it."""

    def __init__(self, spec: EngineSpec, place: Place, wake_fd: int) -> None:
        """Start it.

        Raises:
            EngineUnavailable: it cannot even be started.
        """
        status, theirs = os.pipe()
        try:
            self._child = spawn(spec, place, theirs)
        except BaseException:
            os.close(status)
            raise
        finally:
            os.close(theirs)
        assert self._child.stderr is not None
        self._timeout_s = spec.timeout_s
        self.pid = self._child.pid
        self.begun_at_s = time.monotonic()
        self.work: Work | None = None
        """What it computes at the moment."""
        self.last_photo: str | None = None
        """What it began last, finished or not."""
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)
        """Its latest lines on stderr."""
        self._status = _Lines(status)
        self._stderr = _Lines(self._child.stderr.fileno())
        self._selector = selectors.DefaultSelector()
        self._selector.register(status, selectors.EVENT_READ, self._status)
        self._selector.register(self._stderr.fd, selectors.EVENT_READ, self._stderr)
        self._selector.register(wake_fd, selectors.EVENT_READ, None)

    @property
    def ended(self) -> bool:
        """Whether it can do no more: gone, or it closed the pipe to the host."""
        return self._status.closed or self._child.poll() is not None

    @property
    def returncode(self) -> int:
        """Exit status, negative for a signal; once it has ended."""
        assert self._child.returncode is not None
        return self._child.returncode

    def listen(self, timeout_s: float) -> Iterator[tuple[str, Any]]:
        """Wait for news: ("said", line) from stderr, or (kind, value) from the status pipe.

        Returns without any when the time is up, or the wake descriptor is readable.
        """
        for key, _ in self._selector.select(max(timeout_s, 0)):
            if key.data is not None:
                yield from self._take(key.data)

    def end(self, *, grace_s: float = GRACE_S) -> Iterator[tuple[str, Any]]:
        """See it to its end: TERM unless it has ended, wait, KILL, reap; then its last news.

        The whole process group is killed at last, so that nothing it started stays behind.
        """
        if not self.ended:
            self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(grace_s if not self._status.closed else min(grace_s, 0.5))
        self._signal(signal.SIGKILL)
        self._child.wait()
        for lines in (self._status, self._stderr):
            while not lines.closed and lines.ready():
                yield from self._take(lines)
        self._close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _close(self) -> None:
        self._selector.close()
        os.close(self._status.fd)
        assert self._child.stderr is not None
        self._child.stderr.close()

    def _take(self, lines: _Lines) -> Iterator[tuple[str, Any]]:
        fresh = lines.read()
        if lines.closed:
            self._selector.unregister(lines.fd)
        for line in fresh:
            if lines is self._stderr:
                self.last_words.append(line)
                yield "said", line
            else:
                yield self._told(line)

    def _told(self, line: str) -> tuple[str, Any]:
        """Note what the status line means for this process, and pass it on."""
        try:
            message = json.loads(line)
            kind = next(iter(message))
            if kind == "begin":
                timeout_s = min(float(message["timeout_s"]), self._timeout_s)
                self.last_photo = str(message["begin"])
                self.work = Work(self.last_photo, float(message["at_s"]) + timeout_s)
            elif kind == "end":
                self.work = None
        except (ValueError, TypeError, KeyError, StopIteration):
            return "said", f"not a status line: {line:.200}"
        return kind, message


class _Lines:
    """Complete lines from a descriptor; overlong ones are cut, a last unfinished one is kept."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        self._rest = b""

    def read(self) -> list[str]:
        """The lines that one read completes; call when the descriptor is readable."""
        data = os.read(self.fd, 65536)
        self.closed = not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._rest and (self.closed or len(self._rest) > MAX_LINE_BYTES):
            lines.append(self._rest)
            self._rest = b""
        return [_printable(line[:MAX_LINE_BYTES]) for line in lines if line.strip()]

    def ready(self) -> bool:
        """Whether a read would return at once."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.fd, selectors.EVENT_READ)
            return bool(selector.select(0))


def _printable(line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace").rstrip()
    return "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in text)
