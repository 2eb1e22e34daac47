"""Figures for Prometheus, as a text file for node_exporter's textfile collector.

Gauges come from the ledger and from what the daemon knows of itself, counters from the notices:
they count since the daemon started, as Prometheus expects.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from daemon.cluster.news import WorkerNews
from daemon.delivery.follower import Follower
from daemon.errors import LedgerTrouble
from daemon.ledger import Ledger
from daemon.ledger.notices import Kind, Notice
from daemon.ledger.records import Records
from daemon.log.events import Event, Log
from matting.small_file import replace_file


@dataclass(frozen=True, slots=True)
class Condition:
    """What only the daemon knows of itself."""

    version: str
    engine: str
    device: str
    engine_starts: int
    """Since the daemon started; one is normal."""
    paused: str | None
    """Why no photo is begun."""
    folders: Mapping[str, str | None]
    """Watched folders, and why one is paused."""
    workers: Sequence[WorkerNews] = ()
    """The machines that work on photos, if they are others than this."""


_OF_WORKERS = {
    "slots": "Photos that a worker works on at once; 0 while it gets none.",
    "at_work": "Photos that a worker has.",
    "ended": "Attempts that a worker has ended since it joined.",
}


class Figures:
    """All figures, of one run of the daemon."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._info = self._gauge(
            "build_info", "The running program.", "version", "engine", "device"
        )
        self._photos = self._gauge("photos", "Photos in the ledger, by state.", "state")
        self._age = self._gauge("queue_age_seconds", "Since when the oldest open photo waits.")
        self._paused = self._gauge("paused", "1 while no photo is begun.")
        self._folders = self._gauge("folder_paused", "1 while a folder is paused.", "folder")
        self._starts = self._gauge("engine_starts", "Starts of the engine in this run.")
        self._of_workers = {
            what: self._gauge(f"worker_{what}", told, "worker", "engine", "device")
            for what, told in _OF_WORKERS.items()
        }
        self._written = self._gauge("written_timestamp_seconds", "When this file was written.")
        self._filed = self._counter("filed", "Photos filed in this run.")
        self._quarantined = self._counter("quarantined", "Photos given up in this run.")
        self._stages = self._counter("stage_seconds", "Time that photos took, by stage.", "stage")
        self._flags = self._counter("flags", "Flags on filed photos, by reason.", "reason")

    def count(self, notice: Notice, _: threading.Event | None = None) -> None:
        """Take a notice into the counters."""
        if notice.kind is Kind.QUARANTINED:
            self._quarantined.inc()
        elif notice.kind is Kind.FILED:
            self._filed.inc()
            for stage, took_s in notice.document.get("took_s", {}).items():
                self._stages.labels(stage).inc(took_s)
            for flag in notice.document.get("flags", ()):
                self._flags.labels(flag["reason"]).inc()

    def text(self, ledger: Records, condition: Condition, *, now_s: float) -> bytes:
        """All figures in Prometheus' text format.

        Raises:
            LedgerTrouble: the ledger cannot be read.
        """
        for gauge in (self._info, self._folders, *self._of_workers.values()):
            gauge.clear()
        for worker in condition.workers:
            told = {"slots": 0 if worker.trouble else worker.slots, "at_work": worker.at_work}
            for what, number in (told | {"ended": worker.done}).items():
                self._of_workers[what].labels(worker.name, worker.engine, worker.device).inc(number)
        self._info.labels(condition.version, condition.engine, condition.device).set(1)
        for state, number in ledger.counts().items():
            self._photos.labels(str(state)).set(number)
        oldest_s = ledger.oldest_open_s()
        self._age.set(0 if oldest_s is None else max(0.0, now_s - oldest_s))
        self._paused.set(condition.paused is not None)
        for folder, reason in condition.folders.items():
            self._folders.labels(folder).set(reason is not None)
        self._starts.set(condition.engine_starts)
        self._written.set(now_s)
        return bytes(generate_latest(self._registry))

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(name, told, labels, namespace="matted", registry=self._registry)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, namespace="matted", registry=self._registry)


class Textfile:
    """Writes the figures now and then, from a thread of its own."""

    def __init__(
        self,
        path: Path,
        ledger: Path,
        condition: Callable[[], Condition],
        *,
        every_s: float,
        log: Log,
    ) -> None:
        """Prepare; nothing is written before ``start``.

        Args:
            path: the file.
            ledger: the ledger's file.
            condition: how the daemon is; called from another thread.
            every_s: how often it is written.
            log: for what hinders that.
        """
        self._path = path
        self._ledger = ledger
        self._condition = condition
        self._every_s = every_s
        self._log = log
        self._figures = Figures()
        self._told: str | None = None
        self._begun = False
        self._stopping = threading.Event()
        self._follower = Follower(
            ledger,
            "metrics",
            self._figures.count,
            kinds=(Kind.FILED, Kind.QUARANTINED),
            log=log,
            reader=None,
        )
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._follower.start()
        self._thread.start()

    def stop(self) -> None:
        """Write once more, and end."""
        self._stopping.set()
        self._follower.stop()
        if self._thread.is_alive():
            self._thread.join(5)

    def _serve(self) -> None:
        while not self._stopping.wait(self._every_s if self._begun else 0):
            self._begun = True
            self._write()
        self._write()

    def _write(self) -> None:
        try:
            with Ledger.open(self._ledger, read_only=True) as ledger:
                text = self._figures.text(ledger, self._condition(), now_s=time.time())
            replace_file(self._path, text, opener=_readable)
        except (OSError, LedgerTrouble) as error:
            reason = f"{self._path}: {getattr(error, 'strerror', None) or error}"
            if reason != self._told:
                self._log.warning(Event.DELIVERY_DELAYED, reader="metrics", reason=reason)
            self._told = reason
        else:
            self._told = None


def _readable(path: str, flags: int) -> int:
    """Open what another user's program reads, whatever our umask."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    os.fchmod(descriptor, 0o644)
    return descriptor
