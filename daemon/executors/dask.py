"""Other machines' photo processes, by way of ``matted scheduler``.

Who works on what is decided here, photo by photo; Dask carries calls and is asked nothing else. All
that is kept here may be lost: the ledger has what was begun.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import ClassVar

from daemon.cluster.compared import difference, of_settings
from daemon.cluster.courier import Courier, Unsuited
from daemon.cluster.flights import Flight, Flights
from daemon.cluster.frames import FrameError
from daemon.cluster.link import Late, Link, Lost, Stumbled
from daemon.cluster.news import WorkerNews
from daemon.cluster.roster import Roster, Worker
from daemon.errors import Interrupted, MattedError, ResultsTrouble, WorkerDied
from daemon.executors.contract import Given
from daemon.log.events import Event, Log
from daemon.machine.resource_limits import demand_enough
from daemon.shelf import staging
from daemon.work.finished import Finished
from daemon.work.job import Job, Outcome, Staged
from matting.errors import one_line

ELSEWHERE = True
_LOOK_S = 1.0
_GRACE_S = 30.0
"""Beyond the time that a photo may take: for its files to travel, and for its worker to kill it."""
_READERS = 4
_MANY = 128
"""Photos at once, each with files and a thread of its own here."""
_PATIENCE_S = 10.0
"""So long nobody may be there before people are told."""


def opened(given: Given) -> DaskExecutor:
    """Whoever joins, and is as we are."""
    settings = given.settings
    demand_enough(_MANY)
    mine = of_settings(settings)
    made = DaskExecutor(
        photo_timeout_s=settings.limits.photo_timeout_s, wake=given.wake, log=given.log
    )
    link = Link(settings.state_dir, role="daemon", changed=made.look)
    roster = Roster(link, lambda theirs: difference(mine, theirs), made.look, given.log)
    made.use(link, roster)
    return made


class DaskExecutor:
    """Has photos worked on by whoever has joined."""

    elsewhere: ClassVar[bool] = ELSEWHERE

    def __init__(self, *, photo_timeout_s: float, wake: Callable[[], None], log: Log) -> None:
        """Nobody is there before ``use``.

        Args:
            photo_timeout_s: a worker kills a photo process that works longer on one photo.
            wake: called, from whatever thread, when there is something to do.
            log: for what becomes of workers.
        """
        # Less than what the daemon's own watchdog allows (daemon/service/liveness.py).
        self._longest_s = 1.25 * photo_timeout_s + _GRACE_S
        self._wake = wake
        self._log = log
        self._flights = Flights()
        self._reader = ThreadPoolExecutor(_READERS, "read")
        self._stopping = threading.Event()
        self._begun = False
        self._hindered_s: float | None = time.monotonic()
        """Since when nobody has worked; None: somebody does."""

    def use(self, link: Link, roster: Roster) -> None:
        """Have these in use; both tell of changes by ``look``."""
        self._link = link
        self._roster = roster

    @property
    def count(self) -> int:
        """As many as all who may work have slots."""
        return max(1, sum(one.hello.slots for one in self._roster.workers if not one.refused))

    @property
    def idle(self) -> int:
        """As many as would be given away at once."""
        return self._flights.idle(self._roster.workers) if self._begun else 0

    @property
    def running(self) -> tuple[Job, ...]:
        """In flight, or not told of yet."""
        return self._flights.jobs

    @property
    def trouble(self) -> str | None:
        """Why nobody works; not at once, since workers come back by themselves."""
        since_s, reason = self._hindered_s, self._reason()
        if since_s is None or reason is None:
            return None
        return reason if time.monotonic() - since_s > _PATIENCE_S else None

    def _reason(self) -> str | None:
        if (trouble := self._link.trouble) is not None:
            return trouble
        workers = self._roster.workers
        if not workers:
            return "no worker has joined"
        if all(one.refused for one in workers):
            return f"every worker is refused: {workers[0].refused[0]}"
        return None

    def news(self) -> tuple[WorkerNews, ...]:
        """All that have joined, the refused ones too."""
        return tuple(_news(one) for one in self._roster.workers)

    def worker_of(self, photo_id: int) -> str | None:
        """The name of the machine that has it."""
        worker = self._flights.worker_of(photo_id)
        return worker.hello.name if worker else None

    def begin(self) -> None:
        """Take up the line to the scheduler."""
        if not self._begun:
            self._begun = True
            self._link.start()
            threading.Thread(target=self._mind, name="leases", daemon=True).start()

    def submit(self, job: Job) -> None:
        """Give it to whoever has most to spare."""
        self._flights.add(Flight(job, time.monotonic() + self._longest_s))
        self._place()

    def finished(self) -> list[Finished[Job, Outcome]]:
        """All that have ended since."""
        return self._flights.take_ended()

    def stop(self) -> None:
        """Hang up: the scheduler has the workers drop what they do."""
        self._stopping.set()
        self._link.stop()
        for flight in self._flights.open:
            self._end(flight, Interrupted("the daemon stopped"))
        self._reader.shutdown(wait=False, cancel_futures=True)

    def look(self) -> None:
        """Who is there has changed; from whatever thread."""
        self._roster.look()
        self._count_trouble()
        self._place()
        self._wake()

    def _place(self) -> None:
        for flight in self._flights.place(self._roster.workers):
            threading.Thread(target=self._fly, args=(flight,), name="photo", daemon=True).start()

    # One attempt, in a thread of its own, to the one end that counts

    def _fly(self, flight: Flight) -> None:
        worker = flight.worker
        assert worker is not None
        seat = worker.seat.id
        courier = Courier(self._link, seat, flight.attempt, flight.until_s, self._reader)
        try:
            self._answered(flight, worker, courier.carried(flight.job))
        except Lost as error:
            self._vanished(flight, worker, str(error))
        except Late as error:
            self._rest(worker, str(error))
            self._vanished(flight, worker, str(error))
        except (Unsuited, Stumbled, FrameError) as error:
            self._rest(worker, str(error))
            told = f"{worker.hello.name} cannot work on it at present: {error}"
            self._end(flight, Interrupted(told))
        except MattedError as error:
            self._end(flight, error)
        except Exception as error:  # noqa: BLE001 - the per-photo boundary: an end it must have
            told = f"{type(error).__name__}: {one_line(error)}"
            self._rest(worker, told)
            self._end(flight, Interrupted(told))

    def _answered(self, flight: Flight, worker: Worker, outcome: Outcome | MattedError) -> None:
        if isinstance(outcome, Interrupted):  # its engine died, or is not ready: not again at once
            self._rest(worker, str(outcome))
        else:
            worker.is_well()
            self._flights.clear(flight.job.photo.id)
        if isinstance(outcome, Staged):
            outcome = replace(outcome, filed=replace(outcome.filed, worker=worker.hello.name))
        self._end(flight, outcome)

    def _vanished(self, flight: Flight, worker: Worker, reason: str) -> None:
        if self._link.trouble is not None or self._stopping.is_set():
            self._end(flight, Interrupted(reason))  # everybody went: no photo's doing
            return
        told = f"its worker {worker.hello.name} was lost: {reason}"
        blamed = self._flights.blames(flight)
        self._end(flight, WorkerDied(told) if blamed else Interrupted(told))

    def _rest(self, worker: Worker, reason: str) -> None:
        wait_s = worker.rests(reason)
        told = {"worker": worker.hello.name, "reason": reason, "after_s": round(wait_s, 1)}
        self._log.warning(Event.WORKER_RESTING, **told)

    def _end(self, flight: Flight, outcome: Outcome | MattedError) -> None:
        """Once for each attempt: what comes later is refused, and what it staged is removed."""
        if self._flights.end(flight, outcome):
            self._place()
            self._wake()
        elif not self._stopping.is_set():  # else the next run sweeps it
            name = flight.worker.hello.name if flight.worker else ""
            self._log.warning(Event.ANSWER_REFUSED, photo=flight.job.photo.id, worker=name)
            with contextlib.suppress(ResultsTrouble):
                staging.discard_attempt(flight.job.results, flight.job.staging)

    # Leases

    def _mind(self) -> None:
        """End what is overdue, let those work again that have rested, and say if nobody works."""
        resting, troubled = False, False
        while not self._stopping.wait(_LOOK_S):
            self._roster.look()
            for flight in self._flights.open:
                self._look_at(flight)
            before, resting = resting, any(one.is_resting for one in self._roster.workers)
            if before and not resting:
                self._place()
                self._wake()
            self._count_trouble()
            was, troubled = troubled, self.trouble is not None
            if was != troubled:
                self._wake()

    def _count_trouble(self) -> None:
        if self._reason() is None:
            self._hindered_s = None
        elif self._hindered_s is None:
            self._hindered_s = time.monotonic()

    def _look_at(self, flight: Flight) -> None:
        if flight.worker is None and not self._roster.workers:
            self._end(flight, Interrupted(self._reason() or "no worker is left"))
        elif time.monotonic() > flight.until_s + _GRACE_S / 2:
            # Its thread hangs, on a share perhaps; what it says one day will be refused.
            told = f"nothing was heard of it for {self._longest_s:.0f} s"
            if self._flights.give_up(flight, Interrupted(told)):
                self._wake()


def _news(worker: Worker) -> WorkerNews:
    hello = worker.hello
    trouble = f"refused: {'; '.join(worker.refused)}" if worker.refused else worker.trouble
    return WorkerNews(
        name=hello.name,
        address=worker.seat.address,
        slots=hello.slots,
        at_work=len(worker.at_work),
        photos=tuple(sorted(worker.at_work)),
        engine=hello.engine,
        device=hello.device,
        done=worker.done,
        per_minute=worker.per_minute(),
        trouble=trouble,
    )
