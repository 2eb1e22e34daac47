"""From the ledger's queue to the photo processes, and what is decided when one fails.

Runs in the daemon's main thread; whatever can take long or die is done by the photo processes.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from daemon import policy
from daemon.errors import (
    EngineFailed,
    LedgerTrouble,
    MattedError,
    NotReady,
    ResultsTrouble,
    WorkerDied,
)
from daemon.events import Event, Log
from daemon.job import EngineAddress, Job, Staged, Unchanged
from daemon.ledger import Ledger, State
from daemon.photo import Photo
from daemon.policy import Quarantine, Retry
from daemon.premises import Pause, Premises
from daemon.publishing import Destination, Publishing, who
from daemon.shelf import staging
from daemon.suspects import Suspects
from daemon.watched import Watched
from daemon.workers import Finished, Workers

_BLOCKED_S = 0.25
_DISPOSE_S = 300.0


@dataclass(frozen=True, slots=True)
class Engine:
    """What has to be known of the engine here."""

    address: Callable[[], EngineAddress]
    ready: Callable[[], bool]
    blames: Callable[[int, str], bool]
    last_words: Callable[[], list[str]]
    refiners: Callable[[Collection[str]], Mapping[str, EngineAddress]] = lambda _: {}
    """Has these refiners running, by their names in profiles, and says where."""


class Filing:
    """Hands photos out to the photo processes and decides about what comes back."""

    def __init__(
        self,
        ledger: Ledger,
        workers: Workers,
        engine: Engine,
        *,
        premises: Premises,
        max_pixels: int,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            ledger: the queue and the memory.
            workers: the photo processes; their jobs end up here alone.
            engine: the engine they ask.
            premises: the disks.
            max_pixels: photos with more are refused.
            log: for what happens to each photo.
            clock: gives seconds on the monotonic clock.
        """
        self._ledger = ledger
        self._workers = workers
        self._clock = clock
        self._watched = Watched()
        self._engine = engine
        self._premises = premises
        self._max_pixels = max_pixels
        self._log = log
        self._publishing = Publishing(ledger, log)
        self._destinations: Mapping[str, Destination] = {}
        self._foreign: frozenset[str] = frozenset()
        self._refiners: Mapping[str, EngineAddress] = {}
        self._draining = False
        self._ended: deque[Finished] = deque()
        self._claimed: Photo | None = None
        self._suspects = Suspects()
        self._given_up: dict[int, tuple[Photo, str]] = {}
        """Photos whose quarantine a pause cut short, and the reasons for it."""
        self._resuming = False
        self._dispose_at_s = 0.0
        self._pause = Pause()

    @property
    def paused(self) -> str | None:
        """Why nothing is begun at the moment; it resumes by itself."""
        return self._pause.reason

    @property
    def at_work(self) -> tuple[Photo, ...]:
        """The photos that the photo processes have."""
        return tuple(job.photo for job in self._workers.running)

    def prepare(self, destinations: Mapping[str, Destination]) -> None:
        """Have what the profiles of these folders need, beside the engine.

        Raises:
            EngineUnavailable: a refiner that a profile names cannot run; nothing has changed then.
        """
        names = {destination.profile.matting.refiner for destination in destinations.values()}
        self._refiners = self._engine.refiners(names)

    def serve(self, destinations: Mapping[str, Destination]) -> None:
        """Work for these folders, by path; photos of others stay where they are in the queue.

        Raises:
            EngineUnavailable: as ``prepare``.
        """
        self.prepare(destinations)
        # Photos of a folder that is no longer served may be at work, and may have to wait later.
        known = self._ledger.folders().union(self._destinations, self._foreign)
        self._foreign = known - destinations.keys()
        self._destinations = destinations
        self._publishing.destinations = destinations

    def recover(self) -> None:
        """Take up what the last run left undone."""
        for destination in self._destinations.values():
            self._or_pause(partial(self._premises.demand, destination))
        left = self._ledger.recover()
        ours = {one.photo.id for one in left.publishing}
        for results in {destination.results for destination in self._destinations.values()}:
            self._or_pause(partial(staging.sweep, results, keep=ours))
        for photo in left.working:
            self._log.info(Event.PHOTO_RECOVERED, **who(photo))
            self._guarded(photo, partial(self._recover_one, photo, alone=len(left.working) == 1))
        self.publish_planned()
        self._dispose_left()

    def _recover_one(self, photo: Photo, *, alone: bool) -> None:
        if reason := self._publishing.given_up(photo):
            self._quarantine(photo, reason)
        elif alone:
            self._fail(photo, WorkerDied("the daemon ended while it was at work on this photo"))
        else:
            self._ledger.give_back(photo.id, now_s=time.time())
            self._suspects.add(photo.id)

    def turn(self, *, paused_folders: Collection[str] = ()) -> None:
        """File what is finished, then hand out what is due.

        Raises:
            LedgerTrouble: the ledger cannot be read or written.
        """
        self._watched.turned(self._clock(), self._destinations.keys() - paused_folders)
        self._ended += self._workers.finished()
        while self._ended:
            ended = self._ended[0]
            self._guarded(ended.job.photo, partial(self._conclude, ended))
            self._ended.popleft()  # not before: if the ledger fails, it is concluded again
        if self._pause.is_due:
            self._end_pause()
        if self._resuming and self.paused is None:
            self._resume()
        if time.monotonic() >= self._dispose_at_s:
            self._dispose_left()
        without = self._foreign.union(paused_folders)
        self._suspects.review(self._ledger, without=without)
        while self._may_begin():
            self._claimed = self._claimed or self._ledger.claim(time.time(), without=without)
            if self._claimed is None:
                return
            self._guarded(self._claimed, partial(self._begin, self._claimed))
            self._claimed = None  # not before, likewise

    def _may_begin(self) -> bool:
        stopped = self._draining or self.paused is not None
        crowded = self._suspects and self._workers.running
        return not stopped and not crowded and self._workers.idle > 0 and self._engine.ready()

    def drain(self) -> bool:
        """Begin no more photos, only file what is finished; whether any is still at work."""
        self._draining = True
        self.turn()
        return bool(self._workers.running)

    def _dispose_left(self) -> None:
        """Archive or delete originals that could not be, by a crash or because they were busy."""
        self._dispose_at_s = time.monotonic() + _DISPOSE_S
        self._publishing.tidy_left()
        for photo in self._ledger.to_dispose():
            self._publishing.dispose(photo)

    def give_back(self) -> None:
        """Return what is still at work to the queue; the photo processes are stopped by then."""
        left = {job.photo.id for job in self._workers.running}
        left |= {ended.job.photo.id for ended in self._ended}
        left |= {self._claimed.id} if self._claimed else set()
        for photo in self._ledger.recover().working:  # what is being published is taken up later
            if photo.id in left:
                self._ledger.give_back(photo.id, now_s=time.time())

    def next_turn_s(self) -> float | None:
        """When there is something to do that nobody will wake us for; on the monotonic clock."""
        if self.paused is not None:
            return self._pause.probe_at_s
        due_s = self._ledger.next_due_s() if self._workers.idle else None
        if due_s is None:
            return None
        # What is due already has to wait for its folder or for the engine: no reason to spin.
        return time.monotonic() + max(_BLOCKED_S, due_s - time.time())

    # One photo

    def _begin(self, photo: Photo) -> None:
        destination = self._destinations[photo.folder]
        self._premises.demand(destination)
        self._premises.demand_for_copy(photo, self.at_work)
        photo = self._publishing.named(photo, destination)
        job = Job(
            photo=photo,
            source=os.path.join(os.fsencode(photo.folder), photo.path),
            results=destination.results,
            staging=staging.stage(destination.results, photo),
            snapshot=os.fsencode(self._premises.snapshots / str(photo.id)),
            profile=destination.profile,
            engine=self._engine.address(),
            refiner=self._refiners.get(destination.profile.matting.refiner),
            max_pixels=self._max_pixels,
            known=self._ledger.known_sha256(photo.folder, photo.path),
            ledger=None if destination.duplicates else self._ledger.path,
            min_free_bytes=self._premises.min_free_bytes,
            waited=self._watched.of(photo) >= destination.limits.give_up_s,
        )
        self._workers.submit(job)
        self._log.debug(Event.PHOTO_STARTED, **who(photo), attempt=photo.attempts)

    def _conclude(self, ended: Finished) -> None:
        photo = ended.job.photo
        self._suspects.clear(photo.id)
        with contextlib.suppress(OSError):  # a photo process that was killed leaves its copy
            os.unlink(ended.job.snapshot)
        entry = self._ledger.entry(photo.id)
        if entry is None or entry.state is not State.WORKING:
            # The ledger failed half way through this, and has the last word now: a plan may have
            # got other names since, and of what is filed the original may be deleted.
            self.publish_planned()
            return
        if isinstance(ended.outcome, Staged | Unchanged):
            self._watched.forget(photo)
        match ended.outcome:
            case Staged(_, filed) if self._is_duplicate(photo, filed.sha256):
                self._publishing.unchanged(photo, filed.sha256)
            case Staged(plan, filed):
                self._ledger.plan(photo.id, plan.moves, filed, now_s=time.time())
                self._or_pause(partial(self._publishing.publish, photo, plan, filed))
            case Unchanged(sha256):
                self._publishing.unchanged(photo, sha256)
            case error:
                self._fail(photo, error, waited=ended.job.waited)

    def publish_planned(self) -> None:
        """Carry out the plans that a crash, a pause or an interrupt cut short."""
        for one in self._ledger.recover().publishing:
            self._log.info(Event.PHOTO_RECOVERED, **who(one.photo))
            act = partial(self._publishing.publish, one.photo, one.plan, one.filed)
            self._guarded(one.photo, partial(self._or_pause, act))

    def _is_duplicate(self, photo: Photo, sha256: str) -> bool:
        """Whether another photo of the same content was filed while this one was at work."""
        destination = self._destinations.get(photo.folder)
        if destination is None or destination.duplicates:
            return False
        return self._ledger.filed_as(photo.folder, sha256) not in {None, photo.path}

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
            self._begin_pause(error.reason)
            return False
        return True

    def _fail(self, photo: Photo, error: MattedError, *, waited: bool = True) -> None:
        destination = self._destinations.get(photo.folder)
        now_s = time.time()
        known = policy.Facts(
            attempts=photo.attempts,
            tries=photo.tries,
            unchanged_s=self._watched.of(photo),
            waited=waited,
            blamed=self._blamed(photo, error),
        )
        if isinstance(error, NotReady):
            self._ledger.watched(photo.id, known.unchanged_s)
            self._watched.noted(photo)
        limits = destination.limits if destination else policy.Limits()
        match policy.decide(error, known, limits):
            case Retry(after_s, charged, reason):
                self._retry(photo, after_s, reason, charged=charged)
            case policy.Pause(_, reason):
                self._ledger.give_back(photo.id, now_s=now_s)
                self._begin_pause(reason)
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
        try:
            left = self._publishing.quarantine(photo, report)
        except ResultsTrouble as error:
            # Not back to the queue: the report may be written and the original moved already, and
            # a photo that waits for its file there would be taken for gone.
            self._given_up[photo.id] = photo, reason
            self._begin_pause(error.reason)
            return
        self._ledger.failed(photo.id, reason, dispose=left, now_s=time.time())
        self._given_up.pop(photo.id, None)
        self._watched.forget(photo)
        self._log.warning(Event.PHOTO_QUARANTINED, **who(photo), reason=reason)
        self._discard(photo)

    def _discard(self, photo: Photo) -> None:
        if destination := self._destinations.get(photo.folder):
            self._or_pause(partial(staging.discard, destination.results, photo.id))

    # Pauses

    def _begin_pause(self, reason: str) -> None:
        if self._pause.begin(reason):
            self._log.error(Event.SERVICE_PAUSED, reason=reason)

    def _end_pause(self) -> None:
        """Resume, if every disk is there again and takes files."""
        destinations = self._destinations.values()
        if self._or_pause(partial(self._premises.try_out, destinations)):
            self._pause.end()
            self._resuming = True
            self._log.info(Event.SERVICE_RESUMED)

    def _resume(self) -> None:
        """Finish what the pause cut short; if the ledger fails, it is all done again."""
        self.publish_planned()
        for photo, reason in tuple(self._given_up.values()):
            self._quarantine(photo, reason)
        self._publishing.tidy_left()
        self._resuming = False
