"""The processes that run learnt refiners: one for each network that a profile names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, ExitStack

from daemon.config import settings
from daemon.config.profiles import AUTO, NONE
from daemon.engine.choice import guarded, refiner
from daemon.errors import NoEngine
from daemon.work.job import EngineAddress
from matting.process.host import EngineHost, EngineSpec
from matting.refiners import BUILT_IN


class RefinerProcesses:
    """Starts what is named and not yet there, and ends all of it with ``stop``."""

    def __init__(
        self,
        wanted: settings.Settings,
        workers: int,
        hosted: Callable[[EngineSpec], AbstractContextManager[EngineHost]],
    ) -> None:
        """Nothing is started yet.

        Args:
            wanted: the settings; of the engine and the stores, which a reload does not change.
            workers: how many photos are worked on at once.
            hosted: keeps a process running.
        """
        self._wanted = wanted
        self._workers = workers
        self._hosted = hosted
        self._running: dict[str, EngineAddress] = {}
        self._held = ExitStack()

    def serve(self, names: Collection[str]) -> Mapping[str, EngineAddress]:
        """Have these refiners running; built-in ones need no process.

        Raises:
            NoEngine: a network is not installed, does not refine, or cannot run.
        """
        for name in sorted({*names} - {AUTO, NONE, *BUILT_IN, *self._running}):
            self._running[name] = self._start(name)
        return dict(self._running)

    def _start(self, name: str) -> EngineAddress:
        model, spec = refiner(self._wanted, name)
        self._held.enter_context(guarded(model))
        host = self._held.enter_context(self._hosted(spec))
        timeout_s = self._wanted.engine.timeout_s
        return EngineAddress(
            name=name,
            socket=host.socket_path,
            connect_s=self._wanted.engine.start_timeout_s,
            queue_s=self._wanted.engine.start_timeout_s + self._workers * timeout_s,
            timeout_s=timeout_s,
        )

    def stop(self) -> None:
        """End the processes."""
        self._held.close()


def complaint(
    wanted: settings.Settings,
    name: str,
    hosted: Callable[[EngineSpec], AbstractContextManager[EngineHost]],
) -> str | None:
    """Try a refiner out on a small tile, and say what keeps it from solving it; None: nothing."""
    # Here alone: the daemon's process, which serves refiners, works on no picture.
    import numpy as np  # noqa: PLC0415

    from daemon.work.refining import Wanted, refined  # noqa: PLC0415

    # (48, 64): a matte with an edge, and what is tried is to find it in a picture of itself.
    half = np.repeat(np.array([[0, 255]], np.uint8), 32, axis=1).repeat(48, axis=0)
    refinery = RefinerProcesses(wanted, 1, hosted)
    try:
        address = refinery.serve([name])[name]
        tried = refined(half, np.dstack([half] * 3), Wanted(name, "0", address))
        return "; ".join(tried.warnings)
    except NoEngine as error:
        return str(error)
    finally:
        refinery.stop()
