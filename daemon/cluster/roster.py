"""The workers that have joined: who may work, on how many photos, and who had better rest."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon.cluster.hello import Hello
from daemon.cluster.link import Late, Link, Lost, Seat, Stumbled
from daemon.errors import MattedError
from daemon.log.events import Event, Log
from matting.backoff import Backoff, Waits

_HELLO_S = 60.0
_REST = Waits(2.0, 300.0)
"""For who has trouble of its own, or does not say what it is."""
_MINUTES = 5


@dataclass(eq=False, slots=True)
class Worker:
    """One that has said what it is."""

    seat: Seat
    hello: Hello
    refused: tuple[str, ...]
    """In what it differs from us; empty: it may work."""
    at_work: set[int] = field(default_factory=set)
    """Photos, by id."""
    alone: bool = False
    """Whether the photo that it has is to have no other beside it."""
    done: int = 0
    rest_until_s: float = 0.0
    trouble: str | None = None
    ends_s: deque[float] = field(default_factory=deque)
    rest: Backoff = field(default_factory=lambda: Backoff(_REST))

    @property
    def is_resting(self) -> bool:
        """Whether it gets no photo just now."""
        return time.monotonic() < self.rest_until_s

    @property
    def idle(self) -> int:
        """How many photos more it can have."""
        if self.refused or self.alone or self.is_resting:
            return 0
        return max(0, self.hello.slots - len(self.at_work))

    def ended(self, photo_id: int) -> None:
        """It is done with a photo, whatever came of it."""
        self.at_work.discard(photo_id)
        self.alone = False
        self.done += 1
        self.ends_s.append(time.monotonic())
        while self.ends_s[0] < time.monotonic() - _MINUTES * 60:
            self.ends_s.popleft()

    def per_minute(self) -> float:
        """Of the last minutes; only looks, since several threads ask."""
        after_s = time.monotonic() - _MINUTES * 60
        return round(sum(end_s >= after_s for end_s in tuple(self.ends_s)) / _MINUTES, 2)

    def rests(self, reason: str) -> float:
        """It has trouble of its own; for how long it gets no photo, seconds."""
        wait_s = self.rest.next()
        self.trouble = reason
        self.rest_until_s = time.monotonic() + wait_s
        return wait_s

    def is_well(self) -> None:
        """It has ended a photo as it should."""
        self.rest.reset()
        self.trouble, self.rest_until_s = None, 0.0


@dataclass(eq=False, slots=True)
class _Asked:
    """Who was asked what it is."""

    waits: Backoff = field(default_factory=lambda: Backoff(_REST))
    again_s: float = math.inf
    """When to ask once more, on the monotonic clock; never while it may answer, or after it did."""


class Roster:
    """Asks whoever joins what it is; from whatever thread."""

    def __init__(
        self,
        link: Link,
        differs: Callable[[Hello], tuple[str, ...]],
        changed: Callable[[], None],
        log: Log,
    ) -> None:
        """Nobody is there yet.

        Args:
            link: to the scheduler.
            differs: in what somebody differs from us, so that it may not work.
            changed: called, from another thread, when somebody may work.
            log: for who joins and who goes.
        """
        self._link = link
        self._differs = differs
        self._changed = changed
        self._log = log
        self._lock = threading.Lock()
        self._workers: dict[str, Worker] = {}
        self._asked: dict[str, _Asked] = {}

    @property
    def workers(self) -> tuple[Worker, ...]:
        """All that have said what they are."""
        with self._lock:
            return tuple(self._workers.values())

    def look(self) -> None:
        """Take in who has come, and forget who has gone; called now and then."""
        seats = {seat.id: seat for seat in self._link.seats}
        with self._lock:
            for gone in self._workers.keys() - seats.keys():
                left = self._workers.pop(gone)
                self._log.warning(
                    Event.WORKER_LEFT, worker=left.hello.name, address=left.seat.address
                )
            for gone in self._asked.keys() - seats.keys():
                del self._asked[gone]
            now_s = time.monotonic()
            due = [seat for seat in seats.values() if self._is_due(seat, now_s)]
        for seat in due:
            threading.Thread(target=self._ask, args=(seat,), name="hello", daemon=True).start()

    def _is_due(self, seat: Seat, now_s: float) -> bool:
        """Whether to ask it now, which is noted."""
        known = self._asked.get(seat.id)
        if known is not None and now_s < known.again_s:
            return False
        self._asked.setdefault(seat.id, _Asked()).again_s = math.inf
        return True

    def _ask(self, seat: Seat) -> None:
        try:
            answer = self._link.call(seat.id, "hello", {}, timeout_s=_HELLO_S)
            hello = Hello.read(answer.header)
        except (Lost, Late, Stumbled, MattedError) as error:
            self._log.warning(Event.WORKER_REFUSED, address=seat.address, reason=str(error))
            with self._lock:
                if known := self._asked.get(seat.id):
                    known.again_s = time.monotonic() + known.waits.next()
            return
        refused = self._differs(hello)
        with self._lock:
            if seat.id not in self._asked:
                return
            self._workers[seat.id] = Worker(seat, hello, refused)
        told = {"worker": hello.name, "address": seat.address}
        if refused:
            self._log.error(Event.WORKER_REFUSED, **told, reason="; ".join(refused))
        else:
            self._log.info(Event.WORKER_JOINED, **told, slots=hello.slots, engine=hello.engine)
        self._changed()
