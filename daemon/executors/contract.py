"""What every executor keeps to: it has photos worked on, and says how each attempt ended.

The ledger alone is queue and memory. An executor holds nothing that must not be lost: it is handed
attempts that are charged and committed already, and whatever becomes of processes, machines and
lines, each attempt that it was handed comes back exactly once, as one of these:

- ``Staged``: all results lie complete and durable in the attempt's staging directory, looked at by
  this side; nobody writes there any more.
- ``Unchanged``: the content is one of the job's ``known``.
- ``WorkerDied``, or an error of the photo's own: charged to this photo, and to no neighbour.
- ``Interrupted``: through no fault of this photo; it is free.

``EngineFailed`` is an outcome only of an executor whose photos ask this machine's engine: whom to
blame is found out here then, and by the executor otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from daemon.cluster.news import WorkerNews
from daemon.config.settings import Settings
from daemon.log.events import Log
from daemon.work.finished import Finished
from daemon.work.job import Job, Outcome


@dataclass(frozen=True, slots=True)
class Given:
    """What an executor is made of."""

    settings: Settings
    wake: Callable[[], None]
    """To be called, from whatever thread, when a job has ended or could be begun."""
    log: Log


class Executor(Protocol):
    """Has photos worked on; all methods are for one thread, that of filing."""

    elsewhere: ClassVar[bool]
    """Whether photos are worked on by other processes than this machine's: those have engines,
    refiners and private copies of their own, and nobody needs any here."""

    @property
    def count(self) -> int:
        """How many photos are worked on at once, at most."""
        ...

    @property
    def idle(self) -> int:
        """How many more jobs would start at once."""
        ...

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs in flight, those included that ``finished`` has yet to tell of."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why no job could be begun, one line for people; None: some could, now or soon."""
        ...

    def news(self) -> tuple[WorkerNews, ...]:
        """The machines that work on photos, if they are others than this."""
        ...

    def worker_of(self, photo_id: int) -> str | None:
        """Who works on this photo; None: this machine, or nobody."""
        ...

    def begin(self) -> None:
        """Prepare now what the first job would have to wait for."""
        ...

    def submit(self, job: Job) -> None:
        """Start a job; only while ``idle`` is more than 0."""
        ...

    def finished(self) -> list[Finished[Job, Outcome]]:
        """The jobs that have ended since the last call."""
        ...

    def stop(self) -> None:
        """Kill what still runs; every job in flight has ended then, and nobody writes any more."""
        ...
