"""Start the engine process, watch it, restart it; lives in the daemon process.

One thread owns the engine process from its start to its end. It also starts it, because the
kernel's parent-death signal is tied to the thread that forked.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from matting import launch
from matting.errors import EngineUnavailable
from matting.launch import EngineSpec, interpreter
from matting.process import EngineProcess

__all__ = ["EngineHost", "EngineSpec", "State"]

State = Literal["stopped", "starting", "ready", "ending", "waiting"]
"""``waiting``: for the next try after a failure; ``EngineHost.trouble`` says which."""

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 60.0
FAILURES_IN_A_ROW = 2
"""So many unexpected exceptions without a success between: the framework's context is broken (a
CUDA error sticks to the process), and only a fresh process helps."""
REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class _Past:
    """An engine process that has ended."""

    pid: int
    photo: str | None
    """The one to blame: the last it began, unless it ended at our own order."""


class EngineHost:
    """Keeps one engine running, by a thread of its own.

    ``on_event(name, facts)`` is called from that thread and must neither raise nor block for
    long. Names: engine.started, engine.ready, engine.said, engine.crashed, engine.deadline_missed,
    engine.unavailable, engine.stopped.
    """

    def __init__(
        self, spec: EngineSpec, runtime_dir: Path, on_event: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self.spec = spec
        self._place = launch.prepare(runtime_dir)
        self._on_event = on_event
        self._changed = threading.Condition()
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._state: State = "stopped"

    @property
    def socket_path(self) -> Path:
        """Where clients connect; the same over restarts."""
        return self._place.socket_path

    @property
    def state(self) -> State:
        """What the engine is at."""
        return self._state

    @property
    def hello(self) -> dict[str, Any]:
        """What the engine said of itself when it was last ready; empty before that."""

    @property
    def trouble(self) -> str | None:
        """Why the engine is not ready, one line for people; None while it is well."""

    def last_words(self) -> list[str]:
        """The latest lines on the present or last engine's stderr, at most 50."""

    def start(self, *, wait: bool = True) -> dict[str, Any]:
        """Start the engine and keep it running until ``stop``.

        Args:
            wait: return only when it is ready, and give up at its first failure. Otherwise return
                at once and keep trying, with a growing delay.

        Returns:
            The hello; empty when not waiting.

        Raises:
            EngineUnavailable: the engine's own reason, or how its start failed. Nothing is left
                running.
        """

    def stop(self) -> None:
        """End the engine (TERM, 3 s, KILL) and the thread; remove the socket. May be repeated."""

    def restart(self, reason: str) -> None:
        """End the engine and start a new one at once; no photo is blamed for it."""

    def blames(self, pid: int, photo: str, *, wait_s: float = 2.0) -> bool:
        """Whether this photo was the one at work when the engine process ``pid`` was lost.

        A client can see the connection break before the host has reaped the process, so this
        waits up to ``wait_s`` for its end; then all that it told the status pipe has been read.
        """
