"""From the ledger's queue to the photo processes, and from those to the results.

Runs in the daemon's main thread; whatever can take long or die is done by the photo processes.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from daemon.cluster.news import WorkerNews
from daemon.config.profiles import Profile
from daemon.executors.contract import Executor
from daemon.filing.asking import Asking
from daemon.filing.destinations import Destination
from daemon.filing.disks import Disks
from daemon.filing.engine_access import EngineAccess
from daemon.filing.facts import photo_facts
from daemon.filing.naming import demand_folders
from daemon.filing.parts import put_together
from daemon.filing.pausing import WAITS
from daemon.filing.retention import Retention
from daemon.filing.suspects import Suspects
from daemon.ledger import Ledger
from daemon.log.events import Event, Log, facts
from daemon.photo import Photo
from daemon.shelf import staging
from daemon.work.finished import Finished
from daemon.work.job import EngineAddress, Job, Outcome
from matting.backoff import Waits

_BLOCKED_S = 0.25


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When things are tried again."""

    pause: Waits = WAITS
    """Between two looks whether a pause can end."""
    dispose_s: float = 300.0
    """Between two tries at originals that could not be archived or deleted."""
    clock: Callable[[], float] = time.monotonic


class Filing:
    """Hands photos out to the photo processes and files what comes back."""

    def __init__(
        self,
        ledger: Ledger,
        executor: Executor,
        engine: EngineAccess,
        *,
        disks: Disks,
        max_pixels: int,
        log: Log,
        rhythm: Rhythm = Rhythm(),
    ) -> None:
        """Nothing is handed out before ``serve`` and the first turn.

        Args:
            ledger: the queue and the memory.
            executor: has photos worked on; its jobs end up here alone.
            engine: the engine they ask.
            disks: the disks.
            max_pixels: photos with more are refused.
            log: for what happens to each photo.
            rhythm: when things are tried again.
        """
        self._ledger = ledger
        self._executor = executor
        self._engine = engine
        self._disks = disks
        self._max_pixels = max_pixels
        self._log = log
        self._rhythm = rhythm
        parts = put_together(ledger, engine, disks, log, pause_waits=rhythm.pause)
        self._destinations = parts.destinations
        self._memory = parts.memory
        self._naming = parts.naming
        self._disposing = parts.disposing
        self._publishing = parts.publishing
        self._pausing = parts.pausing
        self._concluding = parts.concluding
        self._failures = parts.failures
        self._recovery = parts.recovery
        self._refiners: Mapping[str, EngineAddress] = {}
        self._draining = False
        self._ended: deque[Finished[Job, Outcome]] = deque()
        self._claimed: Photo | None = None
        self._suspects = Suspects()
        self._retention = Retention(ledger, parts.destinations, disks.absent, log)
        self._keep_days: int | None = None
        self._asking = Asking(engine, parts.destinations)
        self._resuming = False
        self._dispose_at_s = 0.0

    @property
    def paused(self) -> str | None:
        """Why nothing is begun at the moment; it resumes by itself."""
        return self._pausing.reason

    @property
    def hindered(self) -> str | None:
        """The same, or why nobody could work on it."""
        return self.paused or self._executor.trouble

    @property
    def workers(self) -> tuple[WorkerNews, ...]:
        """The machines that work on photos, if they are others than this."""
        return self._executor.news()

    @property
    def at_work(self) -> tuple[Photo, ...]:
        """The photos that the photo processes have."""
        return tuple(job.photo for job in self._executor.running)

    def prepare(self, destinations: Mapping[str, Destination]) -> None:
        """Have what the profiles of these folders need, beside the engine.

        Raises:
            NoEngine: a refiner that a profile names cannot run; nothing has changed then.
        """
        names = {destination.profile.matting.refiner for destination in destinations.values()}
        self._refiners = self._engine.refiners(names)

    def stuck(self, photo_id: int) -> str | None:
        """Why half of a photo's results can be neither completed nor taken back at present."""
        return self._memory.troubles.stuck.get(photo_id)

    def begin(self) -> None:
        """Start the photo processes now, and not with the first photo."""
        self._executor.begin()

    def serve(
        self,
        destinations: Mapping[str, Destination],
        *,
        profiles: Mapping[str, Profile] = MappingProxyType({}),
        keep_days: int | None = None,
    ) -> None:
        """Work for these folders, by path; photos of others stay where they are in the queue.

        Args:
            destinations: by watched folder.
            profiles: that photos may be redone with, by name.
            keep_days: for how long the ledger keeps photos that have ended; None: for ever.

        Raises:
            NoEngine: as ``prepare``.
        """
        self.prepare(destinations)
        self._keep_days = keep_days
        queued = self._ledger.folders()
        self._destinations.serve(destinations, queued=queued, profiles=profiles)

    def recover(self) -> None:
        """Take up what the last run left undone."""
        self._recovery.recover(None if self._executor.elsewhere else self._suspects)
        self._dispose_left()

    def turn(self, *, paused_folders: Collection[str] = ()) -> None:
        """File what is finished, then hand out what is due.

        Raises:
            LedgerTrouble: the ledger cannot be read or written.
        """
        self._memory.watched.turned(
            self._rhythm.clock(), self._destinations.folders.difference(paused_folders)
        )
        self._ended += self._executor.finished()
        while self._ended:
            ended = self._ended[0]
            self._suspects.clear(ended.job.photo.id)
            self._failures.guarded(ended.job.photo, partial(self._concluding.conclude, ended))
            self._ended.popleft()  # not before: if the ledger fails, it is concluded again
        if self._pausing.is_due:
            self._resuming |= self._pausing.try_to_end()
        if self._resuming and self.paused is None:
            self._recovery.resume()
            self._resuming = False
        if self.paused is None:
            self._memory.postponed.do_due(self._failures.guarded)
        if time.monotonic() >= self._dispose_at_s:
            self._dispose_left()
        self._retention.turn(self._keep_days, away=paused_folders)
        without = self._destinations.unserved.union(paused_folders)
        self._suspects.review(self._ledger, without=without)
        while self._may_begin():
            self._claimed = self._claimed or self._ledger.claim(time.time(), without=without)
            if self._claimed is None:
                return
            self._failures.guarded(self._claimed, partial(self._begin, self._claimed))
            self._claimed = None  # not before, likewise

    def _may_begin(self) -> bool:
        stopped = self._draining or self.paused is not None
        crowded = self._suspects and self._executor.running
        return not stopped and not crowded and self._executor.idle > 0 and self._engine.ready()

    def drain(self) -> bool:
        """Begin no more photos, only file what is finished; whether any is still at work."""
        self._draining = True
        self.turn()
        return bool(self._executor.running)

    def _dispose_left(self) -> None:
        """Archive or delete originals that could not be, by a crash or because they were busy."""
        self._dispose_at_s = time.monotonic() + self._rhythm.dispose_s
        self._publishing.tidy_left()
        self._engine.tidy()
        self._disposing.dispose_all()

    def give_back(self) -> None:
        """Return what is still at work to the queue; the photo processes are stopped by then."""
        left = {job.photo.id for job in self._executor.running}
        left |= {ended.job.photo.id for ended in self._ended}
        left |= {self._claimed.id} if self._claimed else set()
        for photo in self._ledger.recover().working:  # what is being published is taken up later
            if photo.id in left:
                self._ledger.give_back(photo.id, now_s=time.time())

    def next_turn_s(self) -> float | None:
        """When there is something to do that nobody will wake us for; on the monotonic clock."""
        if self.paused is not None:
            return self._pausing.probe_at_s
        later_s = self._memory.postponed.next_s()
        due_s = self._ledger.next_due_s() if self._executor.idle else None
        if due_s is None:
            return later_s
        # What is due already has to wait for its folder or for the engine: no reason to spin.
        begin_s = time.monotonic() + max(_BLOCKED_S, due_s - time.time())
        return begin_s if later_s is None else min(begin_s, later_s)

    # One photo

    def _begin(self, photo: Photo) -> None:
        destination = self._destinations[photo]
        self._disks.demand(destination)
        if not self._executor.elsewhere:
            self._disks.demand_for_copy(photo, self.at_work)
        asked = self._asking.asked(photo, destination, self._refiners)
        photo = self._naming.named(photo, destination)
        demand_folders(photo, destination)
        job = Job(
            photo=photo,
            source=asked.source,
            version=asked.version,
            results=destination.results,
            staging=staging.stage(destination.results, photo, unguessable=self._executor.elsewhere),
            snapshot=os.fsencode(self._disks.snapshots / str(photo.id)),
            profile=destination.profile,
            engine=asked.engine,
            refiner=asked.refiner,
            max_pixels=self._max_pixels,
            known=frozenset() if photo.redo else self._known(photo, destination),
            min_free_bytes=self._disks.min_free_bytes,
            reading=destination.reading,
            waited=self._memory.watched.of(photo) >= destination.limits.give_up_s,
        )
        self._executor.submit(job)
        worker = facts(worker=self._executor.worker_of(photo.id))
        self._log.debug(Event.PHOTO_STARTED, **photo_facts(photo), attempt=photo.attempts, **worker)

    def _known(self, photo: Photo, destination: Destination) -> frozenset[str]:
        """Contents that the photo is not to be filed with: its own, and others' as is settled."""
        own = self._ledger.known_sha256(photo.folder, photo.path)
        if destination.duplicates:
            return own
        return own | self._ledger.filed_contents(photo.folder, photo.version.size_bytes)

    def publish_planned(self) -> None:
        """Carry out the plans that a crash, a pause or an interrupt cut short."""
        self._failures.publish_planned()
