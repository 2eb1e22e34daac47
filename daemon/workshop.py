"""Engine, photo processes and filing, built as the settings want them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from daemon import errors, settings
from daemon.events import Event, Log
from daemon.filing import Engine, Filing
from daemon.job import EngineAddress
from daemon.ledger import Ledger
from daemon.pipeline import work
from daemon.workers import Workers
from matting.errors import EngineUnavailable
from matting.host import EngineHost, EngineSpec

_GRAVE = (Event.ENGINE_CRASHED, Event.ENGINE_DEADLINE_MISSED, Event.ENGINE_UNAVAILABLE)


def choose(name: str) -> tuple[str, str]:
    """The engine to run, and why.

    Args:
        name: an engine's, or ``auto`` for the best that is installed.
    """
    if name != "auto":
        return name, "the settings name it"
    return "grabcut", "no network is installed; grabcut needs none"


@contextmanager
def running(wanted: settings.Engine, log: Log) -> Iterator[EngineHost]:
    """Start the engine, wait until it is ready, and end it afterwards.

    Raises:
        EngineUnavailable: it cannot run as the settings demand.
    """
    name, reason = choose(wanted.name)
    log.info(Event.ENGINE_CHOSEN, engine=name, reason=reason)
    spec = EngineSpec(
        name,
        {"device": wanted.device},
        python=str(wanted.python) if wanted.python else None,
        timeout_s=wanted.timeout_s,
        start_timeout_s=wanted.start_timeout_s,
    )
    with hosted(spec, log) as host:
        yield host


@contextmanager
def hosted(spec: EngineSpec, log: Log) -> Iterator[EngineHost]:
    """Keep an engine running in a private directory of its own.

    Raises:
        EngineUnavailable: its own reason.
    """
    base = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or None
    with TemporaryDirectory(prefix="matted-", dir=base) as runtime_dir:
        host = EngineHost(spec, Path(runtime_dir), lambda event, facts: _tell(log, event, facts))
        try:
            host.start()
        except EngineUnavailable as error:
            raise errors.EngineUnavailable(f"the engine {spec.name} cannot run: {error}") from error
        try:
            yield host
        finally:
            host.stop()


@contextmanager
def opened(
    wanted: settings.Settings,
    ledger: Ledger,
    engine: EngineHost,
    *,
    snapshots: Path,
    at_most: int | None = None,
    wake: Callable[[], None],
    log: Log,
) -> Iterator[Filing]:
    """Make what photos need; at the end stop the photo processes and give their photos back.

    Args:
        wanted: the settings.
        ledger: queue and memory.
        engine: that is running.
        snapshots: a directory for private copies of photos.
        at_most: so many photo processes, if the settings would have more.
        wake: called, from another thread, when filing has something to do.
        log: for what happens to each photo.
    """
    count = min(count_workers(wanted.workers), at_most or sys.maxsize)
    workers = Workers(work, count=count, timeout_s=wanted.limits.photo_timeout_s, wake=wake)
    filing = Filing(
        ledger,
        workers,
        _introduced(engine, wanted.engine, count),
        snapshots=snapshots,
        max_pixels=int(wanted.limits.max_megapixels * 1e6),
        log=log,
    )
    try:
        yield filing
    finally:
        workers.stop()
        filing.give_back()


def _introduced(host: EngineHost, wanted: settings.Engine, workers: int) -> Engine:
    """What filing has to know of the engine; each photo may have to wait for all others'."""
    address = EngineAddress(
        name=host.spec.name,
        socket=host.socket_path,
        connect_s=wanted.start_timeout_s,
        queue_s=wanted.start_timeout_s + workers * wanted.timeout_s,
        timeout_s=wanted.timeout_s,
    )
    return Engine(
        address=lambda: address,
        ready=lambda: host.state == "ready",
        blames=host.blames,
        last_words=host.last_words,
    )


def count_workers(wanted: int | str) -> int:
    """How many photos to work on at once."""
    if isinstance(wanted, int):
        return wanted
    return max(1, (os.cpu_count() or 1) // 2)


def _tell(log: Log, event: str, facts: dict[str, Any]) -> None:
    if event in _GRAVE:
        log.error(event, **facts)
    elif event == Event.ENGINE_SAID:
        log.debug(event, **facts)
    else:
        log.info(event, **facts)
