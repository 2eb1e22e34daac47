"""Engines beside the daemon's own, for photos that are redone with another one.

Each is started when it is first asked for, in a thread of its own, since a large network takes
minutes to load and nobody else is to wait for it; and ended when nobody has asked for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from daemon.config import settings
from daemon.engine.choice import choose, guarded
from daemon.errors import Interrupted, NoEngine, Refused
from daemon.work.job import EngineAddress
from matting.process.host import EngineHost, EngineSpec

_IDLE_S = 600.0
_FAILED_S = 60.0


def with_engine(wanted: settings.Settings, name: str) -> settings.Settings:
    """The same settings, but for another engine, with its usual model and interpreter."""
    other = wanted.engine.model_copy(update={"name": name, "model": None})
    return wanted.model_copy(update={"engine": other})


class OtherEngines:
    """Keeps them by name."""

    def __init__(
        self,
        wanted: settings.Settings,
        hosted: Callable[[EngineSpec], AbstractContextManager[EngineHost]],
        address: Callable[[EngineHost], EngineAddress],
    ) -> None:
        """Nothing is started yet.

        Args:
            wanted: the settings.
            hosted: keeps a process running.
            address: what photo processes have to know of one.
        """
        self._wanted = wanted
        self._hosted = hosted
        self._address = address
        self._engines: dict[str, _Other] = {}

    def address(self, name: str) -> EngineAddress:
        """Where an engine listens.

        Raises:
            Interrupted: it is starting; ask again.
            Refused: it cannot run; the reason why.
        """
        engine = self._engines.get(name)
        if engine is None or engine.is_stale():
            engine = self._engines[name] = _Other(self._wanted, name, self._hosted)
        host = engine.host()
        return self._address(host)

    def blames(self, pid: int, photo: str) -> bool:
        """Whether one of them ended with this process while this photo was at work."""
        running = [engine.running for engine in self._engines.values()]
        return any(host.blames(pid, photo, wait_s=0.5) for host in running if host is not None)

    def tidy(self) -> None:
        """End those that nobody has asked for in a while."""
        for name, engine in tuple(self._engines.items()):
            if engine.is_idle():
                del self._engines[name]
                engine.stop()

    def stop(self) -> None:
        """End all."""
        for engine in self._engines.values():
            engine.stop()
        self._engines.clear()


class _Other:
    """One of them, from the moment it is asked for."""

    def __init__(
        self,
        wanted: settings.Settings,
        name: str,
        hosted: Callable[[EngineSpec], AbstractContextManager[EngineHost]],
    ) -> None:
        self._name = name
        self._asked_s = time.monotonic()
        self._held = ExitStack()
        self._trouble: str | None = None
        self.running: EngineHost | None = None
        self._thread = threading.Thread(
            target=self._start, args=(with_engine(wanted, name), hosted), name=f"engine {name}"
        )
        self._thread.start()

    def _start(
        self,
        wanted: settings.Settings,
        hosted: Callable[[EngineSpec], AbstractContextManager[EngineHost]],
    ) -> None:
        engine = wanted.engine
        try:
            choice = choose(wanted)
            self._held.enter_context(guarded(choice.model))
            spec = EngineSpec(
                choice.engine,
                choice.options,
                timeout_s=engine.timeout_s,
                start_timeout_s=engine.start_timeout_s,
            )
            self.running = self._held.enter_context(hosted(spec))
        except NoEngine as error:
            self._trouble = str(error)

    def host(self) -> EngineHost:
        self._asked_s = time.monotonic()
        if self._thread.is_alive():
            raise Interrupted(f"the engine {self._name} is starting")
        if self.running is None:
            raise Refused(self._trouble or f"the engine {self._name} cannot run")
        if self.running.state != "ready":
            raise Interrupted(f"the engine {self._name} is starting again")
        return self.running

    def is_idle(self) -> bool:
        return not self._thread.is_alive() and time.monotonic() - self._asked_s > _IDLE_S

    def is_stale(self) -> bool:
        """Whether it could not run a while ago; it may have been installed since."""
        idle_s = time.monotonic() - self._asked_s
        return self._trouble is not None and idle_s > _FAILED_S

    def stop(self) -> None:
        self._thread.join()
        self._held.close()
