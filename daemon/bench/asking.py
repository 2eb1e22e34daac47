"""A running engine, asked by a photo process of its own, photo by photo."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from daemon.bench.work import Measured, peak_mib, work
from daemon.config import settings
from daemon.engine import choice
from daemon.errors import MattedError, NoEngine
from daemon.executors.local import LocalExecutor
from daemon.machine.wakeup import WakeUp
from daemon.work.job import EngineAddress, Job, Outcome
from matting.process.host import EngineHost

_POLL_S = 0.5


@dataclass(slots=True)
class Hand:
    """A photo process."""

    workers: LocalExecutor
    wake: WakeUp

    def work(self, job: Job) -> Outcome | MattedError:
        """Have a photo worked on, and wait for its end."""
        self.workers.submit(job)
        while not (ended := self.workers.finished()):
            self.wake.wait(_POLL_S)
        return ended[0].outcome


@contextmanager
def one_worker(wanted: settings.Settings) -> Iterator[Hand]:
    """A fresh photo process for each engine, lest only the first one pay for its warming up."""
    wake = WakeUp()
    workers = LocalExecutor(work, count=1, timeout_s=wanted.limits.photo_timeout_s, wake=wake.set)
    try:
        yield Hand(workers, wake)
    finally:
        workers.stop()


class OneEngine:
    """A running engine, and the photo process that asks it."""

    def __init__(self, host: EngineHost, hand: Hand, wanted: settings.Settings) -> None:
        self._host = host
        self._hand = hand
        self._gone: str | None = None
        spec = host.spec
        self.address = EngineAddress(
            name=spec.name,
            socket=host.socket_path,
            connect_s=spec.start_timeout_s,
            queue_s=spec.start_timeout_s,
            timeout_s=spec.timeout_s,
            people=choice.people_network(wanted),
            install_people=choice.install_people(wanted),
        )

    @property
    def peak_mib(self) -> float | None:
        """The most memory of the engine process since its start."""
        return peak_mib(self._host.hello["pid"])

    def work(self, job: Job) -> Measured:
        """Have a photo worked on.

        Raises:
            MattedError: what became of it instead.
        """
        self._await_ready()
        outcome = self._hand.work(job)
        if isinstance(outcome, MattedError):
            raise outcome
        assert isinstance(outcome, Measured)  # nothing was filed before, so nothing is unchanged
        return outcome

    def _await_ready(self) -> None:
        """After a crash the engine is started again.

        Raises:
            NoEngine: it does not come back; the other photos need not wait for it, too.
        """
        until_s = time.monotonic() + self._host.spec.start_timeout_s
        while self._gone is None and self._host.state != "ready":
            if time.monotonic() > until_s:
                self._gone = f"the engine did not come back: {self._host.trouble}"
            time.sleep(_POLL_S / 10)
        if self._gone is not None:
            raise NoEngine(self._gone)
