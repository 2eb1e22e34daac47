"""Joining a scheduler, and joining it again whenever it, or the line to it, was lost."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
from distributed import Worker
from distributed.comm import connect
from distributed.diagnostics.plugin import WorkerPlugin
from distributed.security import Security

from daemon.cluster import dask_log, tuning
from daemon.log.events import Event, Log
from daemon.workstation.desk import Desk
from matting.backoff import Backoff, Waits
from matting.errors import one_line

WAITS = Waits(1.0, 30.0)
"""Between two tries to join."""
_CONNECT_S = 5.0
_JOIN_S = 60.0
_ONE_CLUSTER = "they have to be of one authority, and valid by both clocks"
_SPARE_THREADS = 4
"""For what is asked while photos are at work."""


class _Abandons(WorkerPlugin):  # type: ignore[misc] # of any type where Dask is not installed
    """Ends what is at work when nobody waits for it any more."""

    name = "matted"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's own
        self._desk.abandon()


async def serve(
    address: str, secured: Security, desk: Desk, *, slots: int, spool: Path, log: Log
) -> None:
    """Work for whoever the scheduler brings, until cancelled.

    Args:
        address: the scheduler's, tls://host:port.
        secured: certificates.
        desk: what is done.
        slots: how many photos are worked on at once.
        spool: a directory for Dask's own files.
        log: for who is joined.
    """
    dask_log.quieten(log)
    backoff = Backoff(WAITS)
    settings = {**tuning.SETTINGS, "temporary-directory": str(spool)}
    with dask.config.set(settings):
        while True:
            try:
                await _joined(address, secured, desk, slots=slots, log=log)
                backoff.reset()
                log.warning(Event.SCHEDULER_LOST, address=address)
            except (OSError, RuntimeError, ValueError, TimeoutError) as error:
                reason = _why(error)
                log.warning(Event.SCHEDULER_LOST, address=address, reason=reason)
            await asyncio.sleep(backoff.next())


async def _reached(address: str, secured: Security) -> None:
    """Make sure that somebody with a certificate of ours is there; Dask waits for ever, and mutely.

    Raises:
        OSError: nobody is, or one of the two does not take the other's certificate.
    """
    line = await connect(address, timeout=_CONNECT_S, **secured.get_connection_args("worker"))
    await line.close()


def _own_host(address: str) -> str:
    """By which of this machine's addresses the scheduler is reached: nobody is heard at others.

    Raises:
        OSError: by none.
    """
    host, _, port = address.partition("://")[2].rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
    family, kind, protocol, _, place = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(place)  # sends nothing
        return str(probe.getsockname()[0])


async def _joined(address: str, secured: Security, desk: Desk, *, slots: int, log: Log) -> None:
    """Join, and work until the scheduler is lost."""
    await _reached(address, secured)
    options: dict[str, Any] = {"memory_limit": 0, "dashboard": False, "nanny": None}
    worker = tuning.PlainWorker(
        address,
        host=_own_host(address),
        security=secured,
        nthreads=slots + _SPARE_THREADS,
        plugins=[_Abandons(desk)],
        **options,
    )
    worker.desk = desk
    try:
        await asyncio.wait_for(worker, _JOIN_S)
        log.info(Event.WORKER_JOINED, address=address)
        await worker.finished()
    finally:
        with contextlib.suppress(Exception):
            await worker.close(timeout=2, executor_wait=False)


def _why(error: BaseException) -> str:
    """What is at the bottom of it: Dask wraps it up, and says how long it tried."""
    chain = list(_chain(error))
    if said := dask_log.ssl_reason(" ".join(map(str, chain))):
        return f"one of both does not take the other's certificate ({said}): {_ONE_CLUSTER}"
    told = [one.strerror for one in chain if isinstance(one, OSError) and one.strerror]
    return told[-1] if told else one_line(error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
