"""The thread that owns an engine process: starts it, watches it, ends it, starts the next.

It also starts it because the kernel's parent-death signal is tied to the thread that forked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from matting.backoff import Backoff
from matting.errors import EngineUnavailable
from matting.process.child import EngineProcess
from matting.process.launch import EngineDirectories, EngineSpec
from matting.process.standing import Standing

FAULTS_IN_A_ROW = 2
"""So many unexpected exceptions without a success between: the framework's context is broken (a
CUDA error sticks to its process), and only a fresh process helps."""
POLL_S = 1.0
"""How often to look whether the process still is there. Its end normally shows at once, by the
status pipe; not if a child that it forked holds the pipe open."""

Tell = Callable[..., None]
"""Takes an event's name, and its facts by keyword."""


class Supervision:
    """What the thread runs; everybody else asks ``Standing``."""

    def __init__(
        self, spec: EngineSpec, place: EngineDirectories, standing: Standing, tell: Tell
    ) -> None:
        """Nothing runs yet.

        Args:
            spec: the engine.
            place: its directories.
            standing: is told of all that others may want to know, and has their orders.
            tell: takes events.
        """
        self._spec = spec
        self._place = place
        self._standing = standing
        self._tell = tell
        self._backoff = Backoff()
        self._faults = 0

    def run(self) -> None:
        """Keep an engine running until there is the order to stop."""
        try:
            while not self._standing.stopping:
                self._run_one()
                self._standing.wait_to_restart(self._backoff)
        finally:
            self._standing.stopped()

    def _run_one(self) -> None:
        """One engine process, from its start to its end."""
        try:
            process = EngineProcess(self._spec, self._place, self._standing.wake_fd)
        except EngineUnavailable as error:
            self._report_unavailable(str(error))
            return
        self._standing.starting(process)
        self._tell("engine.started", pid=process.pid, engine=self._spec.name)
        self._attend(process)
        self._standing.ending()
        for kind, value in process.end():
            self._handle(process, kind, value)
        self._conclude(process)

    def _attend(self, process: EngineProcess) -> None:
        """Watch one process until it has ended, or must."""
        while not process.ended and not process.verdict:
            for kind, value in process.listen(min(POLL_S, process.patience_s())):
                self._handle(process, kind, value)
            if self._standing.is_ordered_to_end():
                process.condemn("stopped")
            elif process.patience_s() <= 0:
                self._lose_patience(process)

    def _lose_patience(self, process: EngineProcess) -> None:
        work = process.work
        if work is None:
            waited_s = self._spec.start_timeout_s
            process.condemn("unavailable", f"the engine was not ready within {waited_s:g} s")
            return
        process.condemn("deadline", f"photo {work.photo} took more than {work.timeout_s:g} s")
        facts = {"photo": work.photo, "timeout_s": work.timeout_s}
        self._tell("engine.deadline_missed", pid=process.pid, **facts)

    def _handle(self, process: EngineProcess, kind: str, value: Any) -> None:
        if kind == "said":
            self._tell("engine.said", pid=process.pid, line=value)
        elif kind == "ready":
            self._standing.ready(process.hello)
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
            process.condemn("faulty", f"{self._faults} unexpected failures in a row")

    def _conclude(self, process: EngineProcess) -> None:
        """The process has ended and all it told is known: remember and report it."""
        ordered = self._standing.restarting or "the daemon stops it"
        self._standing.ended(process)
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
        self._standing.unavailable(reason)
        self._tell("engine.unavailable", reason=reason, retry_in_s=self._backoff.delay_s)
