"""All that photo processes ask: the engine, others that photos are redone with, learnt refiners."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from daemon.config import settings
from daemon.engine.choice import finds, install_people, people_network
from daemon.engine.hosting import hosted, running
from daemon.engine.others import OtherEngines, with_engine
from daemon.engine.refiners import RefinerProcesses
from daemon.log.events import Log
from daemon.work.job import EngineAddress
from matting.process.host import EngineHost


class Engines:
    """One engine that runs, and whatever else photos turn out to need; ended with ``stop``."""

    def __init__(self, host: EngineHost, wanted: settings.Settings, count: int, log: Log) -> None:
        """Nothing is started yet.

        Args:
            host: the engine, which is not ours to end.
            wanted: the settings.
            count: how many photos are worked on at once.
            log: for what the others are at.
        """
        self._host = host
        self._wanted = wanted
        self._count = count
        self._refiners = RefinerProcesses(wanted, count, lambda spec: hosted(spec, log))
        self._others = OtherEngines(
            lambda name: running(with_engine(wanted, name), log, wait=False), self._address
        )
        self._usual = self._address(host)

    @property
    def ready(self) -> bool:
        """Whether the engine can be asked."""
        return self._host.state == "ready"

    @property
    def usual(self) -> EngineAddress:
        """Where the engine listens."""
        return self._usual

    def other(self, name: str) -> EngineAddress:
        """Where another engine listens.

        Raises:
            Interrupted: it is starting; ask again.
            Refused: it cannot run; the reason why.
        """
        return self._others.address(name)

    def refiners(self, names: Collection[str]) -> Mapping[str, EngineAddress]:
        """Have these refiners running.

        Raises:
            NoEngine: one cannot.
        """
        return self._refiners.serve(names)

    def blames(self, pid: int, photo: str) -> bool:
        """Whether the engine process of that id ended while this photo was at work."""
        return self._host.blames(pid, photo) or self._others.blames(pid, photo)

    def last_words(self) -> list[str]:
        """What the engine said last."""
        return self._host.last_words()

    def tidy(self) -> None:
        """End others that nobody needs any more."""
        self._others.tidy()

    def stop(self) -> None:
        """End all but the engine itself."""
        self._refiners.stop()
        self._others.stop()

    def _address(self, host: EngineHost) -> EngineAddress:
        """What photo processes have to know; each photo may have to wait for all others'."""
        engine, people = self._wanted.engine, people_network(self._wanted)
        return EngineAddress(
            name=host.spec.name,
            socket=host.socket_path,
            connect_s=engine.start_timeout_s,
            queue_s=engine.start_timeout_s + self._count * engine.timeout_s,
            timeout_s=engine.timeout_s,
            people=people,
            finds=finds(host.spec, people),
            install_people=install_people(self._wanted),
        )
