"""Attempts on other machines that have not ended: who has which, and who pays when one is lost.

Whether a photo killed a worker or the worker went for reasons of its own, nobody can tell who was
not there. So the first time costs it nothing; from then on it has a worker to itself, and if that
goes, too, it pays.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.cluster.roster import Worker
from daemon.errors import MattedError
from daemon.work.finished import Finished
from daemon.work.job import Job, Outcome


@dataclass(eq=False, slots=True)
class Flight:
    """One attempt."""

    job: Job
    until_s: float
    """When it has to have ended, on the monotonic clock."""
    worker: Worker | None = None
    """None: it waits for one of its own."""

    @property
    def attempt(self) -> str:
        """No other attempt, of whatever photo, has its name."""
        return os.path.basename(self.job.staging).decode("ascii")


class Flights:
    """All of them; each ends once. From whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[int, Flight] = {}
        self._ended: list[Finished[Job, Outcome]] = []
        self._strikes: dict[int, int] = {}
        """How often a photo's worker has gone or fallen silent."""

    @property
    def open(self) -> tuple[Flight, ...]:
        """Those that have not ended."""
        with self._lock:
            return tuple(self._flights.values())

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Of all whose end was not taken yet."""
        with self._lock:
            flying = tuple(one.job for one in self._flights.values())
            return flying + tuple(one.job for one in self._ended)

    def idle(self, workers: Sequence[Worker]) -> int:
        """How many more would be given away at once; none before who waits for a worker has one."""
        with self._lock:
            if any(one.worker is None for one in self._flights.values()):
                return 0
            return sum(one.idle for one in workers)

    def worker_of(self, photo_id: int) -> Worker | None:
        """Who has a photo."""
        with self._lock:
            flight = self._flights.get(photo_id)
        return flight.worker if flight else None

    def add(self, flight: Flight) -> None:
        """A new one, which waits for a worker."""
        with self._lock:
            self._flights[flight.job.photo.id] = flight

    def place(self, workers: Sequence[Worker]) -> list[Flight]:
        """Give what waits to whoever has most to spare; what is suspected, to who has nothing.

        Returns:
            What has got a worker now.
        """
        with self._lock:
            waiting = [one for one in self._flights.values() if one.worker is None]
            return [one for one in waiting if self._placed(one, workers)]

    def _placed(self, flight: Flight, workers: Sequence[Worker]) -> bool:
        photo_id = flight.job.photo.id
        suspected = photo_id in self._strikes
        free = [one for one in workers if one.idle and not (suspected and one.at_work)]
        if not free:
            return False
        worker = max(free, key=lambda one: (one.idle, -one.done))
        worker.at_work.add(photo_id)
        worker.alone = suspected
        flight.worker = worker
        return True

    def blames(self, flight: Flight) -> bool:
        """Its worker was lost: whether that was its doing, as far as can be told; counts it."""
        photo_id = flight.job.photo.id
        with self._lock:
            before = self._strikes.get(photo_id, 0)
            self._strikes[photo_id] = before + 1
            return before > 0 and flight.worker is not None and flight.worker.alone

    def end(self, flight: Flight, outcome: Outcome | MattedError) -> bool:
        """It has ended, and its worker is free; whether that is the first that is heard of it."""
        with self._lock:
            if flight.worker is not None:
                flight.worker.ended(flight.job.photo.id)
            return self._ends(flight, outcome)

    def give_up(self, flight: Flight, outcome: Outcome | MattedError) -> bool:
        """The same, but whoever has it may hang on to it yet."""
        with self._lock:
            return self._ends(flight, outcome)

    def _ends(self, flight: Flight, outcome: Outcome | MattedError) -> bool:
        photo_id = flight.job.photo.id
        if self._flights.get(photo_id) is not flight:
            return False
        del self._flights[photo_id]
        self._ended.append(Finished(flight.job, outcome))
        return True

    def clear(self, photo_id: int) -> None:
        """A photo is suspected of nothing any more."""
        with self._lock:
            self._strikes.pop(photo_id, None)

    def take_ended(self) -> list[Finished[Job, Outcome]]:
        """All that have ended since the last call."""
        with self._lock:
            ended, self._ended = self._ended, []
        return ended
