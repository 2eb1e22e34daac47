"""This machine's own photo processes: a pool in which one photo's death is that photo's alone."""

from __future__ import annotations

from typing import ClassVar

from daemon.cluster.news import WorkerNews
from daemon.executors.contract import Given
from daemon.machine.capacity import Capacity
from daemon.work import photo_process
from daemon.work.job import Job, Outcome
from daemon.work.workers import Workers

ELSEWHERE = False


def opened(given: Given) -> LocalExecutor:
    """As many photo processes as the settings want, or the machine can take."""
    wanted, here = given.settings, Capacity.here()
    count = here.workers(wanted.workers)
    return LocalExecutor(
        photo_process.work,
        prepare=photo_process.load,
        count=count,
        timeout_s=wanted.limits.photo_timeout_s,
        memory_bytes=here.each_bytes(wanted.limits.photo_memory_mb, count),
        wake=given.wake,
    )


class LocalExecutor(Workers[Job, Outcome]):
    """A fixed number of photo processes."""

    elsewhere: ClassVar[bool] = ELSEWHERE

    @property
    def trouble(self) -> str | None:
        """None: processes can be started at any time."""
        return None

    def news(self) -> tuple[WorkerNews, ...]:
        """None: no other machine works."""
        return ()

    def worker_of(self, photo_id: int) -> str | None:  # noqa: ARG002 - as the contract has it
        """None: this machine."""
        return None
