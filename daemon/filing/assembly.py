"""Photo processes and filing, put together as the settings want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from daemon.config import settings
from daemon.config.reading import Reading
from daemon.engine.choice import finds, install_people, people_network
from daemon.engine.hosting import hosted, running
from daemon.engine.others import OtherEngines, with_engine
from daemon.engine.refiners import RefinerProcesses
from daemon.errors import MattedError
from daemon.filing.destinations import Destination
from daemon.filing.disks import Disks
from daemon.filing.engine_access import EngineAccess
from daemon.filing.policy import Patience
from daemon.filing.queue import Filing
from daemon.ledger import Ledger
from daemon.log.events import Log
from daemon.machine.capacity import Capacity
from daemon.work import photo_process
from daemon.work.job import EngineAddress
from daemon.work.workers import Workers
from matting.process.host import EngineHost


@contextmanager
def opened(
    wanted: settings.Settings,
    ledger: Ledger,
    engine: EngineHost,
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
        engine: that is running.
        snapshots: a directory for private copies of photos.
        absent: why a folder is not itself at the moment; None if it is.
        wake: called, from another thread, when filing has something to do.
        log: for what happens to each photo.
    """
    count = Capacity.here().workers(wanted.workers)
    workers = Workers(
        photo_process.work,
        prepare=photo_process.load,
        count=count,
        timeout_s=wanted.limits.photo_timeout_s,
        memory_bytes=Capacity.here().each_bytes(wanted.limits.photo_memory_mb, count),
        wake=wake,
    )
    refinery = RefinerProcesses(wanted, count, lambda spec: hosted(spec, log))
    others = OtherEngines(
        lambda name: running(with_engine(wanted, name), log, wait=False),
        partial(_address, wanted=wanted, workers=count),
    )
    filing = Filing(
        ledger,
        workers,
        _engine_access(engine, wanted, count, refinery, others),
        disks=Disks(snapshots, wanted.limits.min_free_mb << 20, absent),
        max_pixels=int(wanted.limits.max_megapixels * 1e6),
        log=log,
    )
    in_order = False
    try:
        yield filing
        in_order = True
    except (MattedError, KeyboardInterrupt, GeneratorExit):
        in_order = True
        raise
    finally:
        workers.stop()
        refinery.stop()
        others.stop()
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


def _address(host: EngineHost, *, wanted: settings.Settings, workers: int) -> EngineAddress:
    """What photo processes have to know; each photo may have to wait for all others'."""
    people = people_network(wanted)
    return EngineAddress(
        name=host.spec.name,
        socket=host.socket_path,
        connect_s=wanted.engine.start_timeout_s,
        queue_s=wanted.engine.start_timeout_s + workers * wanted.engine.timeout_s,
        timeout_s=wanted.engine.timeout_s,
        people=people,
        finds=finds(host.spec, people),
        install_people=install_people(wanted),
    )


def _engine_access(
    host: EngineHost,
    wanted: settings.Settings,
    workers: int,
    refinery: RefinerProcesses,
    others: OtherEngines,
) -> EngineAccess:
    """What filing has to know of the engines."""
    address = _address(host, wanted=wanted, workers=workers)
    return EngineAccess(
        address=lambda: address,
        ready=lambda: host.state == "ready",
        blames=lambda pid, photo: host.blames(pid, photo) or others.blames(pid, photo),
        last_words=host.last_words,
        refiners=refinery.serve,
        other=others.address,
        tidy=others.tidy,
    )
