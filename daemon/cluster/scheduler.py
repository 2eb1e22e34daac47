"""``matted scheduler``: brings calls to workers and answers back, and knows nothing of photos.

Dask's scheduler and its client in one process, beside the daemon, which speaks to it by a Unix
socket (``link``). It keeps nothing: who kills it loses nothing but the attempts in flight, which
the ledger has.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import dask
from distributed import Client, Scheduler
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.security import Security

from daemon.cluster import dask_log, link, tuning
from daemon.cluster.exchange import Exchange
from daemon.errors import MattedError
from daemon.log.events import Event, Log
from matting.errors import one_line


class _Watcher(SchedulerPlugin):  # type: ignore[misc] # of any type where Dask is not installed
    """Tells the exchange who comes and goes."""

    def __init__(self) -> None:
        self.exchange: Exchange | None = None

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:  # noqa: ARG002 - Dask's own
        if self.exchange is not None:
            self.exchange.joined(worker)

    def remove_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:  # noqa: ARG002 - likewise
        if self.exchange is not None:
            self.exchange.left(worker)


async def serve(
    address: str, state_dir: Path, secured: Security, *, ttl_s: float, log: Log
) -> None:
    """Serve until cancelled.

    Args:
        address: where workers join, tls://host:port.
        state_dir: where the daemon finds the socket.
        secured: certificates.
        ttl_s: a worker that is silent for so long is lost.
        log: for who comes and goes.

    Raises:
        MattedError: the address or the socket cannot be listened at.
    """
    dask_log.quieten(log)
    with dask.config.set(tuning.SETTINGS):
        async with _scheduler(address, secured) as (scheduler, client, watcher):
            exchange = watcher.exchange = Exchange(scheduler, client, ttl_s, log)
            async with _listening(state_dir, exchange):
                log.info(Event.SCHEDULER_READY, address=address)
                await exchange.look()


@contextlib.asynccontextmanager
async def _scheduler(
    address: str, secured: Security
) -> AsyncIterator[tuple[Scheduler, Client, _Watcher]]:
    watcher = _Watcher()
    made = tuning.PlainScheduler(
        host=address, security=secured, plugins=[watcher], dashboard=False, http_prefix="",
        jupyter=False, validate=False,
    )  # fmt: skip
    try:
        scheduler = await made
    except (OSError, ValueError) as error:
        raise MattedError(f"{address} cannot be listened at: {one_line(error)}") from error
    async with (
        scheduler,
        Client(
            scheduler.address, security=secured, asynchronous=True, set_as_default=False
        ) as client,
    ):
        yield scheduler, client, watcher


@contextlib.asynccontextmanager
async def _listening(state_dir: Path, exchange: Exchange) -> AsyncIterator[None]:
    before = os.umask(0o177)
    try:
        with link.at(state_dir) as path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            server = await asyncio.start_unix_server(exchange.serve, path)
    except OSError as error:
        raise MattedError(f"{state_dir} takes no socket: {error.strerror}") from error
    finally:
        os.umask(before)
    async with server:
        yield
