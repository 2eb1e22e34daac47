"""Photo processes and filing, put together as the settings want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.config import settings
from daemon.config.reading import Reading
from daemon.engine.engines import Engines
from daemon.errors import MattedError
from daemon.executors import EXECUTORS
from daemon.executors.contract import Given
from daemon.filing.destinations import Destination
from daemon.filing.disks import Disks
from daemon.filing.engine_access import EngineAccess
from daemon.filing.policy import Patience
from daemon.filing.queue import Filing
from daemon.ledger import Ledger
from daemon.log.events import Log
from daemon.work.job import EngineAddress
from matting.process.host import EngineHost


@contextmanager
def opened(
    wanted: settings.Settings,
    ledger: Ledger,
    engine: EngineHost | None,
    *,
    snapshots: Path,
    absent: Callable[[str], str | None] = lambda _: None,
    wake: Callable[[], None],
    log: Log,
) -> Iterator[Filing]:
    """Make what photos need; at the end stop the photo processes and give their photos back.

    Args:
        wanted: the settings.
        ledger: queue and memory.
        engine: that is running; None where photos are worked on elsewhere, by other engines.
        snapshots: a directory for private copies of photos.
        absent: why a folder is not itself at the moment; None if it is.
        wake: called, from another thread, when filing has something to do.
        log: for what happens to each photo.
    """
    executor = EXECUTORS[wanted.executor.name].opened(Given(wanted, wake, log))
    engines = None if engine is None else Engines(engine, wanted, executor.count, log)
    filing = Filing(
        ledger,
        executor,
        _ELSEWHERE if engines is None else _engine_access(engines),
        disks=Disks(snapshots, wanted.limits.min_free_mb << 20, absent),
        max_pixels=int(wanted.limits.max_megapixels * 1e6),
        log=log,
    )
    in_order = False
    try:
        if executor.elsewhere:
            executor.begin()  # so that whoever works can join before there is a photo
        yield filing
        in_order = True
    except (MattedError, KeyboardInterrupt, GeneratorExit):
        in_order = True
        raise
    finally:
        executor.stop()
        if engines is not None:
            engines.stop()
        if in_order:  # else one of its photos may be what ended us, and must have been charged
            filing.give_back()


def destination(folder: settings.Folder, whole: settings.Settings) -> Destination:
    """What filing has to know of a folder."""
    limits = Patience(attempts=whole.limits.attempts, give_up_s=folder.give_up_s)
    return Destination(
        folder.results,
        whole.profile(folder.profile),
        limits,
        folder.originals,
        folder.archive,
        duplicates=folder.duplicates == "process",
        reading=Reading(folder.pages, folder.split, folder.turn),
        marker=None if folder.marker is None else folder.watch / folder.marker,
        profile_name=folder.profile,
    )


def _engine_access(engines: Engines) -> EngineAccess:
    """What filing has to know of the engines."""
    return EngineAccess(
        address=lambda: engines.usual,
        ready=lambda: engines.ready,
        blames=engines.blames,
        last_words=engines.last_words,
        refiners=engines.refiners,
        other=engines.other,
        tidy=engines.tidy,
    )


def _named(name: str = "") -> EngineAddress:
    """An engine of another machine: which one is asked for is all that is known of it here."""
    return EngineAddress(name, Path(), connect_s=0, queue_s=0, timeout_s=0)


_ELSEWHERE = EngineAccess(
    address=_named,
    ready=lambda: True,
    blames=lambda _pid, _photo: False,
    last_words=list,
    other=_named,
)
"""Who works on photos has engines and refiners of its own."""
