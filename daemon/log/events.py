"""The names of all log events, and structlog's set-up.

An event is a constant in the past tense; its facts are fields. Every event about a photo carries
``photo``, the ledger's id, so that one search tells the photo's whole story.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

from daemon.log import journal
from daemon.photo import show


class Event(StrEnum):
    """Everything the daemon ever says."""

    SERVICE_STARTED = "service.started"
    SERVICE_READY = "service.ready"
    SERVICE_PAUSED = "service.paused"
    SERVICE_RESUMED = "service.resumed"
    SERVICE_STUCK = "service.stuck"
    SERVICE_FAILED = "service.failed"
    SERVICE_STOPPED = "service.stopped"
    SETTINGS_RELOADED = "settings.reloaded"
    SETTINGS_REFUSED = "settings.refused"
    FOLDER_MADE = "folder.made"
    LEDGER_NEW = "ledger.new"
    LEDGER_FORGOT = "ledger.forgot"
    FOLDER_WATCHED = "folder.watched"
    FOLDER_PAUSED = "folder.paused"
    FOLDER_RESUMED = "folder.resumed"
    FOLDER_TROUBLED = "folder.troubled"
    FOLDER_BLIND = "folder.blind"
    FOLDER_RETARGETED = "folder.retargeted"
    FOLDER_EVENTS_MISSED = "folder.events_missed"
    FILE_IGNORED = "file.ignored"
    FILE_EMPTY = "file.empty"
    FILE_BUSY = "file.busy"
    PHOTO_SETTLED = "photo.settled"
    PHOTO_STARTED = "photo.started"
    PHOTO_FILED = "photo.filed"
    PHOTO_UNCHANGED = "photo.unchanged"
    PHOTO_RETRIED = "photo.retried"
    PHOTO_RENAMED = "photo.renamed"
    PHOTO_STUMBLED = "photo.stumbled"
    PHOTO_QUARANTINED = "photo.quarantined"
    PHOTO_GONE = "photo.gone"
    PHOTO_RECOVERED = "photo.recovered"
    SOURCE_DISPOSED = "source.disposed"
    SOURCE_KEPT = "source.kept"
    STAGING_LEFT = "staging.left"
    HOOK_RUN = "hook.run"
    HOOK_FAILED = "hook.failed"
    WEBHOOK_SENT = "webhook.sent"
    WEBHOOK_REFUSED = "webhook.refused"
    WEB_STARTED = "web.started"
    WEB_STOPPED = "web.stopped"
    WEB_REFUSED = "web.refused"
    WEB_STUMBLED = "web.stumbled"
    WEB_UPLOADED = "web.uploaded"
    STATION_FILED = "station.filed"
    STATION_RETRIED = "station.retried"
    STATION_GAVE_UP = "station.gave_up"
    DELIVERY_DELAYED = "delivery.delayed"
    DELIVERY_LEFT_OUT = "delivery.left_out"
    ENGINE_CHOSEN = "engine.chosen"
    ENGINE_STARTED = "engine.started"
    ENGINE_READY = "engine.ready"
    ENGINE_SAID = "engine.said"
    ENGINE_CRASHED = "engine.crashed"
    ENGINE_DEADLINE_MISSED = "engine.deadline_missed"
    ENGINE_UNAVAILABLE = "engine.unavailable"
    ENGINE_STOPPED = "engine.stopped"
    CERTIFICATE_EXPIRING = "certificate.expiring"
    CALLER_REFUSED = "caller.refused"
    SCHEDULER_READY = "scheduler.ready"
    SCHEDULER_LOST = "scheduler.lost"
    WORKER_JOINED = "worker.joined"
    WORKER_REFUSED = "worker.refused"
    WORKER_LEFT = "worker.left"
    WORKER_RESTING = "worker.resting"
    ANSWER_REFUSED = "answer.refused"


Log = structlog.typing.FilteringBoundLogger

# What a terminal shows for an event, where the bare facts would be hard to read.
_ROUNDED = ("took_s", "stages_s", "wait_s")


def set_up(*, verbose: bool = False, stream: TextIO | None = None) -> Log:
    """Configure logging for this process and return the logger everything is given.

    Pretty on a terminal, native fields under the systemd journal, JSON lines elsewhere.

    Args:
        verbose: also what is only of interest when something is being looked into.
        stream: where to write; standard error by default, so that standard output stays clean.
    """
    target = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            _plain,
            *_writers(target),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if verbose else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Forgiving(target))),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger()  # type: ignore[no-any-return] # structlog types it as Any


class _Forgiving:
    """A stream for lines that may be lost.

    A log on a full disk, or one that nobody reads any more, must not be the end of the daemon.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def silent() -> Log:
    """A logger that says nothing (no event is critical), for callers who get facts as values."""
    nothing = structlog.make_filtering_bound_logger(logging.CRITICAL)
    return structlog.wrap_logger(structlog.PrintLogger(), wrapper_class=nothing)  # type: ignore[no-any-return] # as in set_up


def under_journal(target: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether ``target`` is connected to the journal, by the rule of systemd.exec(5)."""
    try:
        stat = os.fstat(target.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def _writers(target: TextIO) -> list[Processor]:
    if under_journal(target):
        return [structlog.processors.format_exc_info, journal.writer()]
    if target.isatty():
        return [_rounded, structlog.dev.ConsoleRenderer(sort_keys=False, pad_event_to=20)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


def _plain(_: object, __: str, event: EventDict) -> EventDict:
    """Enums, paths and bytes become text that is valid UTF-8 and stays on one line."""
    return {key: _as_plain(value) for key, value in event.items()}


def _as_plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, bytes | os.PathLike):
        return show(os.fspath(value))
    if isinstance(value, tuple | list):
        return [_as_plain(item) for item in value]
    return value


def _rounded(_: object, __: str, event: EventDict) -> EventDict:
    for key in _ROUNDED:
        value = event.get(key)
        if isinstance(value, float):
            event[key] = round(value, 2)
        elif isinstance(value, Mapping):
            event[key] = " ".join(f"{name} {seconds:.2f}" for name, seconds in value.items())
    return event


def facts(**values: Any) -> MutableMapping[str, Any]:
    """The given facts without those that are None: an absent fact is not a fact."""
    return {key: value for key, value in values.items() if value is not None}
