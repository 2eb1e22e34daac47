"""The engine process, run as the settings want it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from daemon import errors
from daemon.config import settings
from daemon.engine.choice import choose, guarded
from daemon.log.events import Event, Log
from matting.engines import ENGINES
from matting.errors import EngineUnavailable
from matting.process import temporary
from matting.process.host import EngineHost, EngineSpec

_GRAVE = (Event.ENGINE_CRASHED, Event.ENGINE_DEADLINE_MISSED, Event.ENGINE_UNAVAILABLE)


@contextmanager
def running(wanted: settings.Settings, log: Log, *, wait: bool = True) -> Iterator[EngineHost]:
    """Start the engine that the settings choose, and end it afterwards.

    Args:
        wanted: the settings.
        log: for what the engine is at.
        wait: as ``EngineHost.start``'s.

    Raises:
        NoEngine: it cannot run as the settings demand.
    """
    choice = choose(wanted)
    model = choice.model.name if choice.model else None
    log.info(Event.ENGINE_CHOSEN, engine=choice.engine, reason=choice.reason, model=model)
    engine = wanted.engine
    elsewhere = engine.python is not None and ENGINES[choice.engine].framework
    spec = EngineSpec(
        choice.engine,
        choice.options,
        python=str(engine.python) if elsewhere else None,
        timeout_s=engine.timeout_s,
        start_timeout_s=engine.start_timeout_s,
    )
    with guarded(choice.model), hosted(spec, log, wait=wait) as host:
        yield host


@contextmanager
def hosted(spec: EngineSpec, log: Log, *, wait: bool = True) -> Iterator[EngineHost]:
    """Keep an engine running in a private directory of its own.

    Raises:
        NoEngine: its own reason.
    """
    base = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or None
    with ExitStack() as held:
        with _told_why(spec):
            tell = partial(_tell, log)
            host = held.enter_context(temporary.hosted(spec, tell, below=base, wait=wait))
        yield host


def await_ready(host: EngineHost) -> None:
    """Wait for an engine that was started without.

    Raises:
        NoEngine: its own reason.
    """
    with _told_why(host.spec):
        host.await_ready()


@contextmanager
def _told_why(spec: EngineSpec) -> Iterator[None]:
    try:
        yield
    except EngineUnavailable as error:
        reason = f"the engine {spec.name} cannot run: {error}"
        raise errors.NoEngine(reason) from error


def _tell(log: Log, event: str, facts: dict[str, Any]) -> None:
    if event in _GRAVE:
        log.error(event, **facts)
    elif event == Event.ENGINE_SAID:
        log.debug(event, **facts)
    else:
        log.info(event, **facts)
