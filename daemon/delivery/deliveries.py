"""All that is handed on beside the daemon's work, as the settings want it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from daemon.config.settings import Settings
from daemon.delivery import manifest
from daemon.delivery.follower import Follower
from daemon.delivery.hooks import Hook, Hooks
from daemon.delivery.metrics import Condition, Textfile
from daemon.ledger.notices import Kind, Notice
from daemon.log.events import Log


class _Delivery(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class Deliveries:
    """Hooks, manifest and metrics of one daemon; none of them can hold up a photo."""

    def __init__(self, ledger: Path, condition: Callable[[], Condition], log: Log) -> None:
        """Prepare; nothing is handed on before ``serve``.

        Args:
            ledger: the ledger's file.
            condition: how the daemon is; called from other threads.
            log: for what became of what was handed on.
        """
        self._ledger = ledger
        self._condition = condition
        self._log = log
        self._running: list[_Delivery] = []
        self._wanted: object = None

    def serve(self, settings: Settings) -> None:
        """Hand on what these settings want, from now on."""
        wanted = (settings.on, settings.manifest, settings.metrics)
        if wanted == self._wanted:
            return
        self.close()
        self._wanted, self._running = wanted, self._made(settings)
        for delivery in self._running:
            delivery.start()

    def close(self) -> None:
        """End all; what was not handed on is, when the daemon runs again."""
        for delivery in self._running:
            delivery.stop()
        self._wanted, self._running = None, []

    def _made(self, settings: Settings) -> list[_Delivery]:
        made: list[_Delivery] = []
        hooks = [
            Hook(event, command, settings.on.timeout_s)
            for event, command in settings.on.commands.items()
        ]
        if hooks:
            at_once = settings.on.at_once
            made.append(Hooks(self._ledger, hooks, at_once=at_once, log=self._log))
        if settings.manifest:
            made.append(
                Follower(
                    self._ledger,
                    "manifest",
                    _record,
                    kinds=(Kind.FILED,),
                    log=self._log,
                    reader="manifest",
                )
            )
        if settings.metrics.textfile is not None:
            every_s = settings.metrics.every_s
            path = settings.metrics.textfile
            made.append(
                Textfile(path, self._ledger, self._condition, every_s=every_s, log=self._log)
            )
        return made


def _record(notice: Notice, _: threading.Event) -> None:
    manifest.record(notice)
