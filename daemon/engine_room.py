"""The engine as the settings want it: chosen, started, and introduced to filing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from daemon import errors, settings
from daemon.events import Log
from daemon.filing import Engine
from daemon.job import EngineAddress
from matting.errors import EngineUnavailable
from matting.host import EngineHost, EngineSpec

_QUIET = ("engine.said",)
_GRAVE = ("engine.crashed", "engine.deadline_missed", "engine.unavailable")


def choose(name: str) -> tuple[str, str]:
    """The engine to run, and why.

    Args:
        name: an engine's, or ``auto`` for the best that is installed.
    """
    if name != "auto":
        return name, "the settings name it"
    return "grabcut", "no network is installed; grabcut needs none"


def start(wanted: settings.Engine, log: Log) -> EngineHost:
    """Start the engine and wait until it is ready.

    Raises:
        EngineUnavailable: it cannot run as the settings demand.
    """
    name, reason = choose(wanted.name)
    log.info("engine.chosen", engine=name, reason=reason)
    spec = EngineSpec(
        name,
        {"device": wanted.device},
        python=str(wanted.python) if wanted.python else None,
        timeout_s=wanted.timeout_s,
        start_timeout_s=wanted.start_timeout_s,
    )
    host = EngineHost(spec, _runtime_dir(), lambda event, facts: _tell(log, event, facts))
    try:
        host.start()
    except EngineUnavailable as error:
        raise errors.EngineUnavailable(f"the engine {name} cannot run: {error}") from error
    return host


def for_filing(host: EngineHost, wanted: settings.Engine, workers: int) -> Engine:
    """What filing has to know of the engine.

    Args:
        host: of the running engine.
        wanted: its settings.
        workers: how many photos may ask at once: each waits for those before it.
    """
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


def _runtime_dir() -> Path:
    """Private, and short enough for a socket's path."""
    base = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or None
    return Path(tempfile.mkdtemp(prefix="matted-", dir=base))


def _tell(log: Log, event: str, facts: dict[str, Any]) -> None:
    if event in _GRAVE:
        log.error(event, **facts)
    elif event in _QUIET:
        log.debug(event, **facts)
    else:
        log.info(event, **facts)
