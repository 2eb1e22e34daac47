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
from typing import Any, Literal

from matting.process.launch import EngineDirectories, EngineSpec, spawn
from matting.process.lines import Lines

LAST_WORDS = 50
GRACE_S = 3.0
"""Between TERM and KILL."""

News = tuple[str, Any]
"""("said", line) from stderr, or (kind, message) from the status pipe."""


Verdict = Literal["stopped", "deadline", "faulty", "unavailable"]


@dataclass(frozen=True, slots=True)
class Work:
    """The photo that an engine has begun."""

    photo: str
    timeout_s: float
    due_s: float
    """Monotonic clock."""


class EngineProcess:
    """A running engine. Driven by one thread alone, the one that started it."""

    def __init__(self, spec: EngineSpec, place: EngineDirectories, wake_fd: int) -> None:
        """Start it.

        Raises:
            EngineUnavailable: it cannot even be started.
        """
        status_fd, theirs = os.pipe()
        try:
            self._child = spawn(spec, place, theirs)
        except BaseException:
            os.close(status_fd)
            raise
        finally:
            os.close(theirs)
        assert self._child.stderr is not None
        self._spec = spec
        self.started_s = time.monotonic()
        self.pid = self._child.pid
        self.hello: dict[str, Any] = {}
        """Empty until it is ready."""
        self.work: Work | None = None
        """What it computes at the moment."""
        self._last_begun: str | None = None
        self.verdict: Verdict | None = None
        """Why its host ends it; None while it may run, or if it ended by itself."""
        self.reason = ""
        """The verdict's, for people."""
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)
        """Its latest lines on stderr."""
        self._status = Lines(status_fd)
        self._stderr = Lines(self._child.stderr.fileno())
        self._selector = selectors.DefaultSelector()
        self._selector.register(status_fd, selectors.EVENT_READ, self._status)
        self._selector.register(self._stderr.fd, selectors.EVENT_READ, self._stderr)
        self._selector.register(wake_fd, selectors.EVENT_READ, None)

    @property
    def pids(self) -> set[int]:
        """The process started and the one that greeted: two if the interpreter is a wrapper."""
        return {self.pid, self.hello.get("pid", self.pid)}

    @property
    def ended(self) -> bool:
        """Whether it can do no more: gone, or it closed the pipe to the host."""
        return self._status.closed or self._child.poll() is not None

    def patience_s(self) -> float:
        """How long it may go on as it is: with its photo, or with starting."""
        if self.work is not None:
            return self.work.due_s - time.monotonic()
        if not self.hello:
            return self.started_s + self._spec.start_timeout_s - time.monotonic()
        return float("inf")

    def listen(self, timeout_s: float) -> Iterator[News]:
        """Wait for news; none if the time is up or the wake descriptor became readable."""
        for key, _ in self._selector.select(max(timeout_s, 0)):
            if key.data is not None:
                yield from self._take(key.data)

    def end(self) -> Iterator[News]:
        """See it to its end (TERM unless it has ended, 3 s, KILL, reap) and yield its last news.

        The whole process group is killed at last, so that nothing it started stays behind.
        """
        if not self.ended:
            self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(0.5 if self._status.closed else GRACE_S)
        self._signal(signal.SIGKILL)
        self._child.wait()
        for lines in (self._status, self._stderr):
            while not lines.closed and lines.ready():
                yield from self._take(lines)
        self._close()

    def condemn(self, verdict: Verdict, reason: str = "") -> None:
        """Its host is going to end it; for an order to stop, no photo has to answer."""
        self.verdict, self.reason = verdict, reason

    @property
    def blamed(self) -> str | None:
        """The photo that has to answer for this process being lost: the last it began."""
        return None if self.verdict == "stopped" else self._last_begun

    def how_it_ended(self) -> str:
        """One line for people."""
        if self.reason:
            return self.reason
        by = _signal_name(self._child.returncode)
        how = f"was killed by {by}" if by else f"ended with status {self._child.returncode}"
        if self.hello or not self.last_words:
            return f"the engine process {how}"
        return f"the engine process {how} before it was ready: {self.last_words[-1]}"

    def facts(self) -> dict[str, Any]:
        """What to report of its end."""
        return {
            "pid": self.pid,
            "returncode": self._child.returncode,
            "signal": _signal_name(self._child.returncode),
            "photo": self.work.photo if self.work else None,
            "ran_s": round(time.monotonic() - self.started_s, 3),
        }

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _close(self) -> None:
        self._selector.close()
        os.close(self._status.fd)
        assert self._child.stderr is not None
        self._child.stderr.close()

    def _take(self, lines: Lines) -> Iterator[News]:
        fresh = lines.read()
        if lines.closed:
            self._selector.unregister(lines.fd)
        if lines is self._stderr:
            self.last_words.extend(fresh)
            yield from (("said", line) for line in fresh)
            return
        for line in fresh:
            try:
                yield self._note(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError, StopIteration):
                yield "said", f"not a status line: {line:.200}"

    def _note(self, message: dict[str, Any]) -> News:
        """Keep what a status line means for this process."""
        kind = next(iter(message))
        if kind == "ready":
            self.hello = dict(message["ready"])
        elif kind == "unavailable":
            self.verdict, self.reason = "unavailable", str(message["unavailable"])
        elif kind == "begin":
            timeout_s = min(float(message["timeout_s"]), self._spec.timeout_s)
            due_s = float(message["at_s"]) + timeout_s
            self._last_begun = str(message["begin"])
            self.work = Work(self._last_begun, timeout_s, due_s)
        elif kind == "end":
            self.work = None
        return kind, message


def _signal_name(returncode: int) -> str | None:
    if returncode >= 0:
        return None
    with contextlib.suppress(ValueError):
        return signal.Signals(-returncode).name
    return f"signal {-returncode}"
