"""A workstation: its engine, its photo processes, and whoever gives it photos."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from daemon.cluster.certificates import Certificates
from daemon.cluster.compared import here
from daemon.cluster.tuning import security
from daemon.cluster.waiting import until_told
from daemon.config.settings import Settings
from daemon.engine.engines import Engines
from daemon.engine.hosting import running
from daemon.executors import local
from daemon.executors.contract import Given
from daemon.log.events import Event, Log
from daemon.machine.lock import Lock
from daemon.machine.resource_limits import demand_enough
from daemon.workstation import joining
from daemon.workstation.desk import Desk
from daemon.workstation.luggage import Spool
from matting.process.host import EngineHost

OpenEngine = Callable[[Settings, Log], AbstractContextManager[EngineHost]]
_STATE = "worker"
"""The directory of a worker's own in the state directory: a daemon may have the rest."""


def work(
    address: str, settings: Settings, certificates: Certificates, log: Log, *,
    open_engine: OpenEngine = running,
) -> None:  # fmt: skip
    """Work on photos for the daemon behind a scheduler, until SIGTERM or Ctrl-C.

    Args:
        address: the scheduler's, tls://host:port.
        settings: of this machine: engine, workers, limits, where shares are.
        certificates: of this machine.
        log: for what happens.
        open_engine: how to get an engine that is ready.

    Raises:
        MattedError: it cannot start.
    """
    place = settings.state_dir / _STATE
    woken = _Woken()
    with Lock(place), open_engine(settings, log) as engine:
        executor = local.opened(Given(settings, woken, log))
        demand_enough(executor.count)
        engines = Engines(engine, settings, executor.count, log)
        desk = Desk(
            executor,
            engines,
            Spool(place / "spool"),
            settings.executor.paths,
            partial(here, settings, engine, slots=executor.count),
            settings.limits.min_free_mb << 20,
        )
        woken.desk = desk
        executor.begin()
        secured = security(certificates.authority, certificates.certificate, certificates.key)
        try:
            until_told(
                joining.serve(
                    address, secured, desk,
                    slots=executor.count, spool=place / "dask", log=log,
                )
            )  # fmt: skip
        finally:
            executor.stop()
            engines.stop()
            log.info(Event.SERVICE_STOPPED)


class _Woken:
    """Wakes the desk, which is made of what wakes it."""

    def __init__(self) -> None:
        self.desk: Desk | None = None

    def __call__(self) -> None:
        if self.desk is not None:
            self.desk.wake()
