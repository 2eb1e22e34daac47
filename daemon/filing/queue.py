"""From the ledger's queue to the photo processes, and from those to the results.

Runs in the daemon's main thread; whatever can take long or die is done by the photo processes.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from functools import partial

from daemon.errors import WorkerDied
from daemon.filing.disks import Disks
from daemon.filing.failures import Failures
from daemon.filing.publishing import Destination, Publishing, photo_facts
from daemon.filing.suspects import Suspects
from daemon.filing.verdicts import EngineAccess
from daemon.filing.watched import Watched
from daemon.ledger import Ledger, State
from daemon.log.events import Event, Log
from daemon.photo import Photo
from daemon.shelf import staging
from daemon.work.job import EngineAddress, Job, Staged, Unchanged
from daemon.work.workers import Finished, Workers

_BLOCKED_S = 0.25
_DISPOSE_S = 300.0


class Filing:
    """Hands photos out to the photo processes and files what comes back."""

    def __init__(
        self,
        ledger: Ledger,
        workers: Workers,
        engine: EngineAccess,
        *,
        disks: Disks,
        max_pixels: int,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            ledger: the queue and the memory.
            workers: the photo processes; their jobs end up here alone.
            engine: the engine they ask.
            disks: the disks.
            max_pixels: photos with more are refused.
            log: for what happens to each photo.
            clock: gives seconds on the monotonic clock.
        """
        self._ledger = ledger
        self._workers = workers
        self._clock = clock
        self._watched = Watched()
        self._engine = engine
        self._disks = disks
        self._max_pixels = max_pixels
        self._log = log
        self._publishing = Publishing(ledger, log)
        self._failures = Failures(ledger, engine, disks, self._publishing, self._watched, log)
        self._destinations: Mapping[str, Destination] = {}
        self._foreign: frozenset[str] = frozenset()
        self._refiners: Mapping[str, EngineAddress] = {}
        self._draining = False
        self._ended: deque[Finished] = deque()
        self._claimed: Photo | None = None
        self._suspects = Suspects()
        self._resuming = False
        self._dispose_at_s = 0.0

    @property
    def paused(self) -> str | None:
        """Why nothing is begun at the moment; it resumes by itself."""
        return self._failures.pause.reason

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

    def stuck(self, photo_id: int) -> str | None:
        """Why half of a photo's results can be neither completed nor taken back at present."""
        return self._failures.stuck.get(photo_id)

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
            self._failures.do_or_pause(destination, partial(self._disks.demand, destination))
        left = self._ledger.recover()
        ours = {one.photo.id for one in left.publishing}
        for destination in self._destinations.values():
            act = partial(staging.sweep, destination.results, keep=ours)
            self._failures.do_or_pause(destination, act)
        for photo in left.working:
            self._log.info(Event.PHOTO_RECOVERED, **photo_facts(photo))
            act = partial(self._recover_one, photo, alone=len(left.working) == 1)
            self._failures.guarded(photo, act)
        self.publish_planned()
        self._dispose_left()

    def _recover_one(self, photo: Photo, *, alone: bool) -> None:
        if reason := self._publishing.given_up(photo):
            self._failures.quarantine(photo, reason)
        elif alone:
            self._failures.fail(
                photo, WorkerDied("the daemon ended while it was at work on this photo")
            )
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
            self._failures.guarded(ended.job.photo, partial(self._conclude, ended))
            self._ended.popleft()  # not before: if the ledger fails, it is concluded again
        if self._failures.pause.is_due:
            self._resuming |= self._failures.end_pause(self._destinations.values())
        if self._resuming and self.paused is None:
            self._failures.resume()
            self._resuming = False
        if self.paused is None:
            self._failures.later.do_due()
        if time.monotonic() >= self._dispose_at_s:
            self._dispose_left()
        without = self._foreign.union(paused_folders)
        self._suspects.review(self._ledger, without=without)
        while self._may_begin():
            self._claimed = self._claimed or self._ledger.claim(time.time(), without=without)
            if self._claimed is None:
                return
            self._failures.guarded(self._claimed, partial(self._begin, self._claimed))
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
            return self._failures.pause.probe_at_s
        later_s = self._failures.later.next_s()
        due_s = self._ledger.next_due_s() if self._workers.idle else None
        if due_s is None:
            return later_s
        # What is due already has to wait for its folder or for the engine: no reason to spin.
        begin_s = time.monotonic() + max(_BLOCKED_S, due_s - time.time())
        return begin_s if later_s is None else min(begin_s, later_s)

    # One photo

    def _begin(self, photo: Photo) -> None:
        destination = self._destinations[photo.folder]
        self._disks.demand(destination)
        self._disks.demand_for_copy(photo, self.at_work)
        photo = self._publishing.named(photo, destination)
        self._publishing.demand_folders(photo, destination)
        job = Job(
            photo=photo,
            source=os.path.join(os.fsencode(photo.folder), photo.path),
            results=destination.results,
            staging=staging.stage(destination.results, photo),
            snapshot=os.fsencode(self._disks.snapshots / str(photo.id)),
            profile=destination.profile,
            engine=self._engine.address(),
            refiner=self._refiners.get(destination.profile.matting.refiner),
            max_pixels=self._max_pixels,
            known=self._ledger.known_sha256(photo.folder, photo.path),
            ledger=None if destination.duplicates else self._ledger.path,
            min_free_bytes=self._disks.min_free_bytes,
            waited=self._watched.of(photo) >= destination.limits.give_up_s,
        )
        self._workers.submit(job)
        self._log.debug(Event.PHOTO_STARTED, **photo_facts(photo), attempt=photo.attempts)

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
                self._failures.publish(photo, plan, filed)
            case Unchanged(sha256):
                self._publishing.unchanged(photo, sha256)
            case error:
                self._failures.fail(photo, error, waited=ended.job.waited)

    def publish_planned(self) -> None:
        """Carry out the plans that a crash, a pause or an interrupt cut short."""
        self._failures.publish_planned()

    def _is_duplicate(self, photo: Photo, sha256: str) -> bool:
        """Whether another photo of the same content was filed while this one was at work."""
        destination = self._destinations.get(photo.folder)
        if destination is None or destination.duplicates:
            return False
        return self._ledger.filed_as(photo.folder, sha256) not in {None, photo.path}
