"""How an engine is, as its thread knows it and others ask; and what they order. Thread-safe."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

from matting.backoff import Backoff
from matting.process.child import EngineProcess

State = Literal["stopped", "starting", "ready", "ending", "waiting"]
"""``waiting``: for the next try after a failure; ``Standing.trouble`` says which."""

REMEMBERED = 32
"""Engine processes whose end ``blames`` knows of."""


class Standing:
    """Written by the engine's thread; orders are given by anybody."""

    def __init__(self) -> None:
        self.wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        """Readable when there are orders."""
        self._changed = threading.Condition()
        self._state: State = "stopped"
        self._trouble: str | None = None
        self._hello: Mapping[str, Any] = {}
        self._process: EngineProcess | None = None
        self._starts = 0
        self._past: deque[EngineProcess] = deque(maxlen=REMEMBERED)
        self._stopping = False
        self._restarting: str | None = None

    # What anybody asks

    @property
    def state(self) -> State:
        """What the engine is at."""
        return self._state

    @property
    def starts(self) -> int:
        """How often an engine process was started; more than one is a restart."""
        return self._starts

    @property
    def hello(self) -> dict[str, Any]:
        """What the engine said of itself when it was last ready; empty before that."""
        return dict(self._hello)

    @property
    def trouble(self) -> str | None:
        """Why the engine is not ready, one line for people; None while it is well."""
        return self._trouble

    @property
    def stopping(self) -> bool:
        """Whether there is the order to stop."""
        return self._stopping

    @property
    def restarting(self) -> str | None:
        """Why there is the order to restart; None if there is none."""
        return self._restarting

    def last_words(self) -> list[str]:
        """The latest lines on stderr of the last engine process and of the present one."""
        with self._changed:
            processes = [*self._past, self._process][-2:]
            return [line for process in processes if process for line in process.last_words]

    def await_start(self) -> str | None:
        """Wait until the engine is ready or its first start has failed; returns why it has."""
        with self._changed:
            self._changed.wait_for(lambda: self._state == "ready" or self._trouble)
            return self._trouble

    def blames(self, pid: int, photo: str, *, wait_s: float) -> bool:
        """Whether a photo was the one at work when the engine process ``pid`` was lost."""
        with self._changed:
            self._changed.wait_for(lambda: self._process is None or not self._is(pid), wait_s)
            known = [*self._past, self._process] if self._process else self._past
            return any(pid in each.pids and each.blamed == photo for each in known)

    def _is(self, pid: int) -> bool:
        return self._process is not None and pid in self._process.pids

    # What anybody orders

    def stop(self) -> bool:
        """Have the engine ended and no other started; whether this is the first such order."""
        with self._changed:
            done, self._stopping = self._stopping, True
            self._changed.notify_all()
        if not done:
            os.eventfd_write(self.wake_fd, 1)
        return not done

    def restart(self, reason: str) -> None:
        """Have the engine ended and a new one started at once."""
        with self._changed:
            if self._stopping:
                return
            self._restarting = reason
            self._changed.notify_all()
            os.eventfd_write(self.wake_fd, 1)

    def close(self) -> None:
        """There will be no more orders: the thread has ended."""
        os.close(self.wake_fd)

    # What the engine's thread tells

    def starting(self, process: EngineProcess) -> None:
        """This process was started."""
        with self._changed:
            self._starts += 1
            self._change("starting", process)

    def ready(self, hello: Mapping[str, Any]) -> None:
        """The process takes requests."""
        with self._changed:
            self._hello, self._trouble = hello, None
            self._change("ready")

    def ending(self) -> None:
        """The process has ended, or is being ended."""
        self._change("ending")

    def ended(self, process: EngineProcess) -> None:
        """All that the process told is known."""
        with self._changed:
            self._past.append(process)
            self._process = None
            self._trouble = process.how_it_ended()
            self._change("waiting")

    def unavailable(self, reason: str) -> None:
        """No process can be started, or none became ready."""
        with self._changed:
            self._trouble = reason
            self._change("waiting")

    def stopped(self) -> None:
        """The thread ends."""
        with self._changed:
            self._trouble = self._trouble or "the engine was stopped"
            self._change("stopped")

    def is_ordered_to_end(self) -> bool:
        """Whether the process has to end; reads the orders that came by ``wake_fd``."""
        with self._changed, contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.wake_fd)
        return self._stopping or self._restarting is not None

    def wait_to_restart(self, backoff: Backoff) -> None:
        """Wait before the next try, unless there are orders."""
        with self._changed:
            if self._restarting is None and not self._stopping:
                delay_s = backoff.next()
                self._changed.wait_for(lambda: self._restarting or self._stopping, delay_s)
            self._restarting = None

    def _change(self, state: State, process: EngineProcess | None = None) -> None:
        with self._changed:
            self._state = state
            self._process = process or self._process
            self._changed.notify_all()
