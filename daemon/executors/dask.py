"""Other machines' photo processes, by way of ``matted scheduler``.

Who works on what is decided here, photo by photo; Dask carries calls and is asked nothing else. All
that is kept here may be lost: the ledger has what was begun.

Whether a photo killed a worker or the worker went for reasons of its own, nobody can tell who was
not there. So the first time costs it nothing; from then on it has a worker to itself, and if that
goes, too, it pays.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ClassVar

from daemon.cluster.compared import difference, of_settings
from daemon.cluster.courier import Courier, Unsuited
from daemon.cluster.link import Late, Link, Lost
from daemon.cluster.roster import Roster, Worker
from daemon.errors import Interrupted, MattedError, ResultsTrouble, WorkerDied
from daemon.executors.contract import Given, WorkerNews
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


@dataclass(eq=False, slots=True)
class _Flight:
    """A job that has not ended."""

    job: Job
    until_s: float
    """On the monotonic clock."""
    worker: Worker | None = None
    """None: it waits for one of its own."""
    attempt: str = ""


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
        self._lock = threading.Lock()
        self._flights: dict[int, _Flight] = {}
        self._ended: list[Finished[Job, Outcome]] = []
        self._strikes: dict[int, int] = {}
        """How often a photo's worker has gone or fallen silent."""
        self._reader = ThreadPoolExecutor(_READERS, "read")
        self._stopping = threading.Event()
        self._begun = False
        self._well_s = time.monotonic()

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
        """As many as would be given away at once; none before who waits for a worker has one."""
        with self._lock:
            if not self._begun or any(one.worker is None for one in self._flights.values()):
                return 0
            return sum(one.idle for one in self._roster.workers)

    @property
    def running(self) -> tuple[Job, ...]:
        """In flight, or not told of yet."""
        with self._lock:
            flying = tuple(one.job for one in self._flights.values())
            return flying + tuple(one.job for one in self._ended)

    @property
    def trouble(self) -> str | None:
        """Why nobody works; not at once, since workers come back by themselves."""
        reason = self._reason()
        if reason is None:
            self._well_s = time.monotonic()
        return reason if time.monotonic() - self._well_s > _PATIENCE_S else None

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
        with self._lock:
            flight = self._flights.get(photo_id)
        return flight.worker.hello.name if flight and flight.worker else None

    def begin(self) -> None:
        """Take up the line to the scheduler."""
        if not self._begun:
            self._begun = True
            self._stopping.clear()
            self._link.start()
            threading.Thread(target=self._mind, name="leases", daemon=True).start()

    def submit(self, job: Job) -> None:
        """Give it to whoever has most to spare; one that is suspected, to somebody who has none."""
        attempt = os.path.basename(job.staging).decode("ascii")
        flight = _Flight(job, time.monotonic() + self._longest_s, attempt=attempt)
        with self._lock:
            self._flights[job.photo.id] = flight
        self._place()

    def finished(self) -> list[Finished[Job, Outcome]]:
        """All that have ended since."""
        with self._lock:
            ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        """Hang up: the scheduler has the workers drop what they do."""
        self._stopping.set()
        self._link.stop()
        for flight in self._open():
            self._end(flight, Interrupted("the daemon stopped"))
        self._reader.shutdown(wait=False, cancel_futures=True)

    def look(self) -> None:
        """Who is there has changed; from whatever thread."""
        self._roster.look()
        self._place()
        self._wake()

    # Who gets what

    def _place(self) -> None:
        """Give away what waits."""
        with self._lock:
            waiting = [one for one in self._flights.values() if one.worker is None]
            placed = [one for one in waiting if self._placed(one)]
        for flight in placed:
            threading.Thread(target=self._fly, args=(flight,), name="photo", daemon=True).start()

    def _placed(self, flight: _Flight) -> bool:
        suspected = flight.job.photo.id in self._strikes
        free = [one for one in self._roster.workers if one.idle]
        if suspected:
            free = [one for one in free if not one.at_work]
        if not free:
            return False
        worker = max(free, key=lambda one: (one.idle, -one.done))
        worker.at_work.add(flight.job.photo.id)
        worker.alone = suspected
        flight.worker = worker
        return True

    def _fly(self, flight: _Flight) -> None:
        """From here on in a thread of its own, to the one end that counts."""
        assert flight.worker is not None
        seat = flight.worker.seat.id
        courier = Courier(self._link, seat, flight.attempt, flight.until_s, self._reader)
        try:
            outcome = courier.carried(flight.job)
        except Lost as error:
            self._vanished(flight, str(error))
        except Late:
            told = f"{flight.worker.hello.name} did not answer within {self._longest_s:.0f} s"
            self._rest(flight.worker, told)
            self._vanished(flight, told)
        except Unsuited as error:
            self._rest(flight.worker, str(error))
            told = f"{flight.worker.hello.name} cannot work on it at present: {error}"
            self._end(flight, Interrupted(told))
        except MattedError as error:
            self._end(flight, error)
        except Exception as error:  # noqa: BLE001 - the per-photo boundary: an end it must have
            told = f"{type(error).__name__}: {one_line(error)}"
            self._rest(flight.worker, told)
            self._end(flight, Interrupted(told))
        else:
            self._answered(flight, outcome)

    def _answered(self, flight: _Flight, outcome: Outcome | MattedError) -> None:
        assert flight.worker is not None
        if isinstance(outcome, Interrupted):  # its engine died, or is not ready: not again at once
            self._rest(flight.worker, str(outcome))
        else:
            flight.worker.is_well()
            self._strikes.pop(flight.job.photo.id, None)
        if isinstance(outcome, Staged):
            filed = replace(outcome.filed, worker=flight.worker.hello.name)
            outcome = replace(outcome, filed=filed)
        self._end(flight, outcome)

    def _vanished(self, flight: _Flight, reason: str) -> None:
        """Whose doing it was that a worker went, as far as it can be told."""
        photo_id = flight.job.photo.id
        if self._link.trouble is not None or self._stopping.is_set():
            self._end(flight, Interrupted(reason))  # everybody went: no photo's doing
            return
        assert flight.worker is not None
        with self._lock:
            blamed = photo_id in self._strikes and flight.worker.alone
            self._strikes[photo_id] = self._strikes.get(photo_id, 0) + 1
        told = f"its worker {flight.worker.hello.name} was lost: {reason}"
        self._end(flight, WorkerDied(told) if blamed else Interrupted(told))

    def _rest(self, worker: Worker, reason: str) -> None:
        wait_s = worker.rests(reason)
        told = {"worker": worker.hello.name, "reason": reason, "after_s": round(wait_s, 1)}
        self._log.warning(Event.WORKER_RESTING, **told)

    def _end(self, flight: _Flight, outcome: Outcome | MattedError) -> None:
        """Once for each attempt: what comes later is refused, and what it staged is removed."""
        photo_id = flight.job.photo.id
        with self._lock:
            current = self._flights.get(photo_id) is flight
            if flight.worker is not None:
                flight.worker.ended(photo_id)
            if current:
                del self._flights[photo_id]
                self._ended.append(Finished(flight.job, outcome))
        if current:
            self._place()
            self._wake()
            return
        if self._stopping.is_set():
            return  # it was ended by us, and what it staged is swept by the next run
        name = flight.worker.hello.name if flight.worker else ""
        self._log.warning(Event.ANSWER_REFUSED, photo=photo_id, worker=name)
        with contextlib.suppress(ResultsTrouble):
            staging.discard_attempt(flight.job.results, flight.job.staging)

    # Leases

    def _mind(self) -> None:
        """End what is overdue, and let those work again that have rested."""
        resting = False
        while not self._stopping.wait(_LOOK_S):
            self._roster.look()
            now_s = time.monotonic()
            for flight in self._open():
                if flight.worker is None and not self._roster.workers:
                    self._end(flight, Interrupted(self._reason() or "no worker is left"))
                elif now_s > flight.until_s + _GRACE_S / 2:
                    self._end_overdue(flight)
            before, resting = resting, any(one.is_resting for one in self._roster.workers)
            if before and not resting:
                self._place()
                self._wake()

    def _end_overdue(self, flight: _Flight) -> None:
        """Its thread hangs, on a share perhaps; what it says one day will be refused."""
        told = f"nothing was heard of it for {self._longest_s:.0f} s"
        with self._lock:
            if self._flights.pop(flight.job.photo.id, None) is None:
                return
            self._ended.append(Finished(flight.job, Interrupted(told)))
        self._wake()

    def _open(self) -> tuple[_Flight, ...]:
        with self._lock:
            return tuple(self._flights.values())


def _news(worker: Worker) -> WorkerNews:
    hello = worker.hello
    trouble = f"refused: {'; '.join(worker.refused)}" if worker.refused else worker.trouble
    return WorkerNews(
        name=hello.name,
        address=worker.seat.address,
        slots=hello.slots,
        at_work=len(worker.at_work),
        engine=hello.engine,
        device=hello.device,
        done=worker.done,
        per_minute=worker.per_minute(),
        trouble=trouble,
    )
