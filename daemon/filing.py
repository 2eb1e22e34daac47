"""From the ledger's queue to the photo processes, and what is decided when one fails.

Runs in the daemon's main thread; whatever can take long or die is done by the photo processes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from daemon import policy
from daemon.errors import EngineFailed, LedgerTrouble, MattedError, ResultsTrouble, WorkerDied
from daemon.events import Event, Log
from daemon.job import EngineAddress, Job, Staged, Unchanged
from daemon.ledger import Ledger, State
from daemon.photo import Photo
from daemon.policy import Pause, Quarantine, Retry
from daemon.publishing import Destination, Publishing, who
from daemon.shelf import staging
from daemon.workers import Finished, Workers

_PROBE_S = 5.0
_LONGEST_PROBE_S = 60.0


@dataclass(frozen=True, slots=True)
class Engine:
    """What has to be known of the engine here."""

    address: Callable[[], EngineAddress]
    ready: Callable[[], bool]
    blames: Callable[[int, str], bool]
    last_words: Callable[[], list[str]]


class Filing:
    """Hands photos out to the photo processes and decides about what comes back."""

    def __init__(
        self,
        ledger: Ledger,
        workers: Workers,
        engine: Engine,
        *,
        snapshots: Path,
        max_pixels: int,
        log: Log,
    ) -> None:
        """Prepare.

        Args:
            ledger: the queue and the memory.
            workers: the photo processes; their jobs end up here alone.
            engine: the engine they ask.
            snapshots: a directory for private copies of photos.
            max_pixels: more are refused.
            log: for what happens to each photo.
        """
        self.paused: str | None = None
        """Why nothing is begun at the moment; it resumes by itself."""
        self._ledger = ledger
        self._workers = workers
        self._engine = engine
        self._snapshots = snapshots
        self._max_pixels = max_pixels
        self._log = log
        self._publishing = Publishing(ledger, log)
        self._destinations: Mapping[str, Destination] = {}
        self._foreign: frozenset[str] = frozenset()
        self._draining = False
        self._probe_at_s = 0.0
        self._probe_wait_s = _PROBE_S

    def serve(self, destinations: Mapping[str, Destination]) -> None:
        """Work for these folders, by path; photos of others stay where they are in the queue."""
        self._destinations = destinations
        self._publishing.destinations = destinations
        self._foreign = self._ledger.folders() - destinations.keys()

    def recover(self) -> None:
        """Take up what the last run left undone."""
        left = self._ledger.recover()
        ours = {one.photo.id for one in left.publishing}
        for results in self._result_folders():
            self._or_pause(partial(staging.sweep, results, keep=ours))
        for photo in left.working:
            self._log.info(Event.PHOTO_RECOVERED, **who(photo))
            self._guarded(photo, partial(self._recover_one, photo))
        self.publish_planned()
        for photo in self._ledger.to_dispose():
            self._publishing.dispose(photo)

    def _recover_one(self, photo: Photo) -> None:
        if reason := self._publishing.given_up(photo):
            self._quarantine(photo, reason)
        else:
            self._fail(photo, WorkerDied("the daemon ended while it was at work on this photo"))

    def turn(self, *, paused_folders: Collection[str] = ()) -> None:
        """File what is finished, then hand out what is due.

        Raises:
            LedgerTrouble: the ledger cannot be read or written.
        """
        for ended in self._workers.finished():
            self._guarded(ended.job.photo, partial(self._conclude, ended))
        if self.paused is not None:
            self._probe()
        without = self._foreign.union(paused_folders)
        while self._may_begin():
            photo = self._ledger.claim(time.time(), without=without)
            if photo is None:
                return
            self._guarded(photo, partial(self._begin, photo))

    def _may_begin(self) -> bool:
        stopped = self._draining or self.paused is not None
        return not stopped and self._workers.idle > 0 and self._engine.ready()

    def drain(self) -> bool:
        """Begin no more photos, only file what is finished; whether any is still at work."""
        self._draining = True
        self.turn()
        return bool(self._workers.running)

    def give_back(self) -> None:
        """Return what is still at work to the queue; the photo processes are stopped by then."""
        for job in self._workers.running:
            self._ledger.give_back(job.photo.id, now_s=time.time())

    def next_turn_s(self) -> float | None:
        """When there is something to do that nobody will wake us for; on the monotonic clock."""
        if self.paused is not None:
            return self._probe_at_s
        due_s = self._ledger.next_due_s() if self._workers.idle else None
        return None if due_s is None else time.monotonic() + max(0.0, due_s - time.time())

    # One photo

    def _begin(self, photo: Photo) -> None:
        destination = self._destinations[photo.folder]
        photo = self._publishing.named(photo, destination)
        job = Job(
            photo=photo,
            source=os.path.join(os.fsencode(photo.folder), photo.path),
            results=destination.results,
            staging=staging.stage(destination.results, photo),
            snapshot=os.fsencode(self._snapshots / str(photo.id)),
            profile=destination.profile,
            engine=self._engine.address(),
            max_pixels=self._max_pixels,
            known=self._ledger.known_sha256(photo.folder, photo.path),
        )
        self._workers.submit(job)
        self._log.debug(Event.PHOTO_STARTED, **who(photo), attempt=photo.attempts)

    def _conclude(self, ended: Finished) -> None:
        photo = ended.job.photo
        match ended.outcome:
            case Staged(plan, filed):
                self._ledger.plan(photo.id, plan.moves, filed, now_s=time.time())
                self._or_pause(partial(self._publishing.publish, photo, plan, filed))
            case Unchanged(sha256):
                self._publishing.unchanged(photo, sha256)
            case error:
                self._fail(photo, error)

    def publish_planned(self) -> None:
        """Carry out the plans that a crash, a pause or an interrupt cut short."""
        for one in self._ledger.recover().publishing:
            self._log.info(Event.PHOTO_RECOVERED, **who(one.photo))
            act = partial(self._publishing.publish, one.photo, one.plan, one.filed)
            self._guarded(one.photo, partial(self._or_pause, act))

    # What goes wrong

    def _guarded(self, photo: Photo, act: Callable[[], object]) -> None:
        """Do something about one photo; whatever is wrong with it is decided here."""
        try:
            act()
        except LedgerTrouble:
            raise
        except MattedError as error:
            self._fail(photo, error)

    def _or_pause(self, act: Callable[[], None]) -> bool:
        """Do something that a result folder must allow; returns whether it did."""
        try:
            act()
        except ResultsTrouble as error:
            self._pause(error.reason)
            return False
        return True

    def _fail(self, photo: Photo, error: MattedError) -> None:
        destination = self._destinations.get(photo.folder)
        now_s = time.time()
        known = policy.Facts(
            attempts=photo.attempts,
            tries=photo.tries,
            unchanged_s=now_s - photo.first_seen_s,
            blamed=self._blamed(photo, error),
        )
        limits = destination.limits if destination else policy.Limits()
        match policy.decide(error, known, limits):
            case Retry(after_s, charged, reason):
                self._retry(photo, after_s, reason, charged=charged)
            case Pause(_, reason):
                self._ledger.give_back(photo.id, now_s=now_s)
                self._pause(reason)
            case Quarantine(reason):
                self._quarantine(photo, reason)

    def _blamed(self, photo: Photo, error: MattedError) -> bool:
        if isinstance(error, EngineFailed):
            return self._engine.blames(error.engine_pid, str(photo.id))
        return True

    def _retry(self, photo: Photo, after_s: float, reason: str, *, charged: bool) -> None:
        now_s = time.time()
        state = self._ledger.retry(photo.id, now_s + after_s, reason, free=not charged, now_s=now_s)
        event = Event.PHOTO_GONE if state is State.GONE else Event.PHOTO_RETRIED
        self._log.info(event, **who(photo), reason=reason, after_s=round(after_s, 1))
        self._discard(photo)

    def _quarantine(self, photo: Photo, reason: str) -> None:
        report = {
            "reason": reason,
            "attempts": photo.attempts,
            "first_seen": time.strftime("%FT%T%z", time.localtime(photo.first_seen_s)),
            "given_up": time.strftime("%FT%T%z"),
            "engine": self._engine.address().name,
            "engine_said": self._engine.last_words(),
        }
        if self._or_pause(partial(self._publishing.quarantine, photo, report)):
            self._ledger.failed(photo.id, reason, now_s=time.time())
            self._log.warning(Event.PHOTO_QUARANTINED, **who(photo), reason=reason)
            self._discard(photo)
        else:
            self._ledger.give_back(photo.id, now_s=time.time())

    def _discard(self, photo: Photo) -> None:
        if destination := self._destinations.get(photo.folder):
            self._or_pause(partial(staging.discard, destination.results, photo.id))

    # Pauses

    def _pause(self, reason: str) -> None:
        if self.paused is None:
            self._log.error(Event.SERVICE_PAUSED, reason=reason)
            self._probe_wait_s = _PROBE_S
        self.paused = reason
        self._probe_at_s = time.monotonic() + self._probe_wait_s
        self._probe_wait_s = min(self._probe_wait_s * 2, _LONGEST_PROBE_S)

    def _probe(self) -> None:
        """Resume once every result folder takes files again."""
        if time.monotonic() < self._probe_at_s:
            return
        if all(self._or_pause(partial(staging.check, one)) for one in self._result_folders()):
            self.paused = None
            self._log.info(Event.SERVICE_RESUMED)
            self.publish_planned()

    def _result_folders(self) -> frozenset[Path]:
        return frozenset(destination.results for destination in self._destinations.values())
