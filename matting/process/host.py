"""Start the engine process, watch it, restart it; lives in the daemon process.

One thread owns the engine process from its start to its end. It also starts it, because the
kernel's parent-death signal is tied to the thread that forked.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from matting.backoff import Backoff
from matting.closing import Closing
from matting.errors import EngineUnavailable
from matting.process import launch
from matting.process.child import EngineProcess
from matting.process.launch import EngineSpec

__all__ = ["EngineHost", "EngineSpec", "State"]

State = Literal["stopped", "starting", "ready", "ending", "waiting"]
"""``waiting``: for the next try after a failure; ``EngineHost.trouble`` says which."""

FAULTS_IN_A_ROW = 2
"""So many unexpected exceptions without a success between: the framework's context is broken (a
CUDA error sticks to its process), and only a fresh process helps."""
POLL_S = 1.0
"""How often to look whether the process still is there. Its end normally shows at once, by the
status pipe; not if a child that it forked holds the pipe open."""
REMEMBERED = 32
"""Engine processes whose end ``blames`` knows of."""


class EngineHost(Closing):
    """Keeps one engine running, by a thread of its own, from ``start`` to ``stop``; once.

    No two hosts may have the same ``runtime_dir`` at the same time: they would share the socket.

    ``on_event(name, facts)`` is called from that thread and must not raise, block for long, or
    call ``stop``. Names: engine.started, engine.ready, engine.said, engine.crashed,
    engine.deadline_missed, engine.unavailable, engine.stopped.
    """

    def __init__(
        self, spec: EngineSpec, runtime_dir: Path, on_event: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self.spec = spec
        self._on_event = on_event
        self._place = launch.prepare(runtime_dir)
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="engine-host", daemon=True)
        self._changed = threading.Condition()
        # Below: guarded by _changed, written by the thread; the orders by anybody.
        self._state: State = "stopped"
        self._trouble: str | None = None
        self._hello: dict[str, Any] = {}
        self._process: EngineProcess | None = None
        self._starts = 0
        self._past: deque[EngineProcess] = deque(maxlen=REMEMBERED)
        self._stopping = False
        self._restarting: str | None = None
        # Below: the thread's own.
        self._backoff = Backoff()
        self._faults = 0

    @property
    def socket_path(self) -> Path:
        """Where clients connect; the same over restarts."""
        return self._place.socket_path

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
        return self._hello

    @property
    def trouble(self) -> str | None:
        """Why the engine is not ready, one line for people; None while it is well."""
        return self._trouble

    def last_words(self) -> list[str]:
        """The latest lines on stderr, at most 50 each of the last engine and of the present one.

        Of both, because whoever asks after a crash mostly meets the next engine already.
        """
        with self._changed:
            processes = [*self._past, self._process][-2:]
            return [line for process in processes if process for line in process.last_words]

    def close(self) -> None:
        """``stop``, for a ``with`` block."""
        self.stop()

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
        self._thread.start()
        if not wait:
            return {}
        with self._changed:
            self._changed.wait_for(lambda: self._state == "ready" or self._trouble)
            trouble = self._trouble
        if trouble is not None:
            self.stop()
            raise EngineUnavailable(trouble)
        return self._hello

    def stop(self) -> None:
        """End the engine (TERM, 3 s, KILL) and the thread; remove the socket. May be repeated."""
        with self._changed:
            done, self._stopping = self._stopping, True
            self._changed.notify_all()
        if done:
            return
        os.eventfd_write(self._wake_fd, 1)
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._wake_fd)
        launch.remove(self._place)

    def restart(self, reason: str) -> None:
        """End the engine and start a new one at once; no photo is blamed for it."""
        with self._changed:
            if self._stopping:
                return
            self._restarting = reason
            self._changed.notify_all()
            os.eventfd_write(self._wake_fd, 1)

    def blames(self, pid: int, photo: str, *, wait_s: float = 2.0) -> bool:
        """Whether this photo was the one at work when the engine process ``pid`` was lost.

        A client can see the connection break before the host has reaped the process, so this
        waits up to ``wait_s`` for its end; by then all that it told the status pipe has been read.
        A process that lives on was lost to its client alone: its last photo is to blame.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._process is None or not self._is(pid), wait_s)
            known = [*self._past, self._process] if self._process else self._past
            return any(pid in each.pids and each.blamed == photo for each in known)

    def _is(self, pid: int) -> bool:
        return self._process is not None and pid in self._process.pids

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._run_one()
                self._wait_to_restart()
        finally:
            with self._changed:
                self._trouble = self._trouble or "the engine was stopped"
                self._change("stopped")

    def _run_one(self) -> None:
        """One engine process, from its start to its end."""
        try:
            process = EngineProcess(self.spec, self._place, self._wake_fd)
        except EngineUnavailable as error:
            self._report_unavailable(str(error))
            return
        self._change("starting", process)
        self._starts += 1
        self._tell("engine.started", pid=process.pid, engine=self.spec.name)
        self._attend(process)
        self._change("ending")
        for kind, value in process.end():
            self._handle(process, kind, value)
        self._conclude(process)

    def _attend(self, process: EngineProcess) -> None:
        """Watch one process until it has ended, or must."""
        while not process.ended and not process.verdict:
            for kind, value in process.listen(min(POLL_S, process.patience_s())):
                self._handle(process, kind, value)
            with self._changed, contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._wake_fd)
            if self._stopping or self._restarting:
                process.verdict = "stopped"
            elif process.patience_s() <= 0:
                self._lose_patience(process)

    def _lose_patience(self, process: EngineProcess) -> None:
        if process.work is None:
            process.verdict = "unavailable"
            process.reason = f"the engine was not ready within {self.spec.start_timeout_s:g} s"
            return
        process.verdict = "deadline"
        process.reason = f"photo {process.work.photo} took more than {process.work.timeout_s:g} s"
        facts = {"photo": process.work.photo, "timeout_s": process.work.timeout_s}
        self._tell("engine.deadline_missed", pid=process.pid, **facts)

    def _handle(self, process: EngineProcess, kind: str, value: Any) -> None:
        if kind == "said":
            self._tell("engine.said", pid=process.pid, line=value)
        elif kind == "ready":
            with self._changed:
                self._hello, self._trouble = process.hello, None
                self._change("ready")
            took_s = round(time.monotonic() - process.started_s, 3)
            self._tell("engine.ready", **{**process.hello, "took_s": took_s})
        elif kind == "answered":
            self._count(process, value.get("error"))

    def _count(self, process: EngineProcess, error: str | None) -> None:
        """Tell a picture that fails from an engine that does."""
        if error != "failed":
            self._faults = 0
            self._backoff.reset()
            return
        self._faults += 1
        if self._faults >= FAULTS_IN_A_ROW and not process.verdict:
            process.verdict = "faulty"
            process.reason = f"{self._faults} unexpected failures in a row"

    def _conclude(self, process: EngineProcess) -> None:
        """The process has ended and all it told is known: remember and report it."""
        ordered = self._restarting or "the daemon stops it"
        with self._changed:
            if process.verdict == "stopped":
                process.blamed = None
            self._past.append(process)
            self._process = None
            self._trouble = process.how_it_ended()
            self._change("waiting")
        facts = process.facts()
        if process.verdict == "stopped":
            self._tell("engine.stopped", **facts, reason=ordered)
        elif process.verdict in {"deadline", "faulty"}:
            self._tell("engine.stopped", **facts, reason=process.reason)
        elif process.hello:
            self._tell("engine.crashed", **facts, last_words=list(process.last_words))
        else:
            self._report_unavailable(process.how_it_ended())

    def _report_unavailable(self, reason: str) -> None:
        with self._changed:
            self._trouble = reason
            self._change("waiting")
        self._tell("engine.unavailable", reason=reason, retry_in_s=self._backoff.delay_s)

    def _wait_to_restart(self) -> None:
        """Wait before the next try, unless there are orders."""
        with self._changed:
            if self._restarting is None and not self._stopping:
                delay_s = self._backoff.next()
                self._changed.wait_for(lambda: self._restarting or self._stopping, delay_s)
            self._restarting = None

    def _change(self, state: State, process: EngineProcess | None = None) -> None:
        with self._changed:
            self._state = state
            self._process = process or self._process
            self._changed.notify_all()

    def _tell(self, name: str, **facts: Any) -> None:
        self._on_event(name, facts)
