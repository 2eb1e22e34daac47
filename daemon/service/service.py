"""The daemon: everything that it needs, opened in order, and closed in the reverse one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from daemon.config import load
from daemon.config.settings import EngineSettings, Settings
from daemon.delivery.deliveries import Deliveries
from daemon.engine.hosting import running
from daemon.engine.standing import EngineElsewhere, EngineStanding
from daemon.errors import LedgerTrouble
from daemon.executors import EXECUTORS
from daemon.filing import assembly
from daemon.intake.folders import WatchedFolders
from daemon.intake.identity import Identities
from daemon.ledger import Ledger
from daemon.log.events import Event, Log
from daemon.machine import instance, private
from daemon.machine.capacity import Capacity
from daemon.machine.lock import Lock
from daemon.machine.resource_limits import demand_enough
from daemon.service import notify
from daemon.service.board import Board
from daemon.service.liveness import Watchdog
from daemon.service.loop import MainLoop
from daemon.service.lost_ledger import open_ledger
from daemon.service.orders import Orders
from daemon.service.pauses import Pauses
from daemon.service.reloading import Reloading, SettingsFile
from daemon.service.served import ServedFolders, make_folders
from daemon.service.telling import Telling
from matting.process.host import EngineHost

OpenEngine = Callable[[Settings, Log], AbstractContextManager[EngineHost]]


class Service:
    """One run of the daemon."""

    def __init__(self, config: Path, log: Log, *, engine: OpenEngine = running) -> None:
        """Read the settings.

        Args:
            config: the settings file.
            log: for everything that happens.
            engine: how to get an engine that is ready.

        Raises:
            SettingsError: with every fault.
        """
        self._config = config
        self._log = log
        self._open_engine = engine
        self._file = SettingsFile.parse(load.read(config), config)
        self._orders = Orders()
        self._started_s = time.time()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            MattedError: it cannot start, or cannot go on.
        """
        settings = self._file.settings
        self._orders.listen()
        self._log.info(Event.SERVICE_STARTED, pid=os.getpid(), config=self._config)
        demand_enough(Capacity.here().workers(settings.workers))
        with Lock(settings.state_dir), open_ledger(settings, self._log) as ledger:
            identities = Identities(settings.state_dir)
            make_folders(settings, identities, self._config, self._log)
            if EXECUTORS[settings.executor.name].ELSEWHERE:
                self._work_with(None, ledger, identities)
            else:
                notify.starting("starting the engine", within_s=_start_s(settings.engine))
                with self._open_engine(settings, self._log) as engine:
                    self._work_with(engine, ledger, identities)
        self._log.info(Event.SERVICE_STOPPED)

    def _work_with(self, engine: EngineHost | None, ledger: Ledger, identities: Identities) -> None:
        settings, wake = self._file.settings, self._orders.wake
        standing: EngineStanding = engine or EngineElsewhere()
        owner = _owner(settings.state_dir)
        board = Board(settings.state_dir)
        watching = WatchedFolders(ledger, identities, owner=owner, wake=wake, log=self._log)
        with (
            contextlib.closing(watching),
            assembly.opened(
                settings,
                ledger,
                engine,
                snapshots=private.empty_directory(settings.state_dir / "snapshots"),
                absent=identities.trouble,
                wake=wake,
                log=self._log,
            ) as filing,
        ):
            pauses = Pauses(ledger)
            telling = Telling(
                board, ledger, standing, watching, filing, pauses, started_s=self._started_s
            )
            with contextlib.closing(Deliveries(ledger.path, telling.condition, self._log)) as told:
                served = ServedFolders(self._config, watching, filing, identities, told, self._log)
                served.serve(settings)
                filing.recover()
                reloading = Reloading(self._config, self._file, served, self._log)
                loop = MainLoop(
                    self._orders, watching, filing, standing, reloading, telling, self._log
                )
                timeout_s = settings.limits.photo_timeout_s
                loop.serve(Watchdog(notify.alive, log=self._log, photo_timeout_s=timeout_s))
                loop.drain()


def _owner(state_dir: Path) -> str:
    try:
        return instance.owner(state_dir)
    except OSError as error:
        raise LedgerTrouble(f"{state_dir} cannot be used: {error.strerror}") from error


def _start_s(engine: EngineSettings) -> float:
    """Within what time the engine is ready or given up; the process ends within 30 s."""
    return engine.start_timeout_s + 30.0
