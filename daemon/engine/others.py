"""Engines beside the daemon's own, for photos that are redone with another one.

Each is started when it is first asked for, and nobody waits for it, since a large network takes
minutes to load; it is ended when nobody has asked for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from daemon.config import settings
from daemon.errors import Interrupted, NoEngine, Refused
from daemon.work.job import EngineAddress
from matting.process.host import EngineHost

_IDLE_S = 600.0


def with_engine(wanted: settings.Settings, name: str) -> settings.Settings:
    """The same settings, but for another engine with its usual model."""
    other = wanted.engine.model_copy(update={"name": name, "model": None})
    return wanted.model_copy(update={"engine": other})


class OtherEngines:
    """Keeps them by name."""

    def __init__(
        self,
        start: Callable[[str], AbstractContextManager[EngineHost]],
        address: Callable[[EngineHost], EngineAddress],
    ) -> None:
        """Nothing is started yet.

        Args:
            start: begins to start an engine and keeps it running; raises ``NoEngine``.
            address: what photo processes have to know of one.
        """
        self._start = start
        self._address = address
        self._running: dict[str, _Running] = {}

    def address(self, name: str) -> EngineAddress:
        """Where an engine listens.

        Raises:
            Interrupted: it is starting; ask again.
            Refused: it cannot run; the reason why.
        """
        if name not in self._running:
            try:
                self._running[name] = _Running(self._start(name))
            except NoEngine as error:
                raise Refused(str(error)) from error
        running = self._running[name]
        host = running.ask()
        if host.trouble is not None and not host.hello:  # it has never been ready
            self._end(name)
            raise Refused(f"the engine {name} cannot run: {host.trouble}")
        if host.state != "ready":
            raise Interrupted(f"the engine {name} is starting")
        return self._address(host)

    def blames(self, pid: int, photo: str) -> bool:
        """Whether one of them ended with this process while this photo was at work."""
        return any(one.host.blames(pid, photo, wait_s=0.5) for one in self._running.values())

    def tidy(self) -> None:
        """End those that nobody has asked for in a while."""
        for name in [name for name, one in self._running.items() if one.is_idle]:
            self._end(name)

    def stop(self) -> None:
        """End all."""
        for name in tuple(self._running):
            self._end(name)

    def _end(self, name: str) -> None:
        self._running.pop(name).stop()


class _Running:
    """One of them, and when it was last asked for."""

    def __init__(self, started: AbstractContextManager[EngineHost]) -> None:
        self._held = ExitStack()
        self.host = self._held.enter_context(started)
        self._asked_s = time.monotonic()

    def ask(self) -> EngineHost:
        self._asked_s = time.monotonic()
        return self.host

    @property
    def is_idle(self) -> bool:
        return time.monotonic() - self._asked_s > _IDLE_S

    def stop(self) -> None:
        self._held.close()
