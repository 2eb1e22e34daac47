"""Photos worked on once, through the daemon's own queue, processes and filing."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.batch.ending import Ending, ending_of
from daemon.batch.existing import existing
from daemon.batch.fetch import Bounds
from daemon.batch.sources import Sources
from daemon.config.executor import ExecutorSettings
from daemon.config.profiles import Profile
from daemon.config.reading import AS_ONE, Reading
from daemon.config.settings import Settings
from daemon.engine.hosting import await_ready, running
from daemon.errors import ResultsTrouble
from daemon.filing import assembly
from daemon.filing.destinations import Destination
from daemon.filing.policy import Patience
from daemon.filing.queue import Filing
from daemon.ledger import Ledger
from daemon.log.events import Event, Log
from daemon.machine.capacity import Capacity
from daemon.machine.wakeup import WakeUp
from daemon.photo import Photo
from daemon.shelf import roots, staging

_FIRST_WAIT_S = 0.3
_LONGEST_WAIT_S = 0.5
# Photos are staged under their ids, in directories that a daemon or a second run may use at the
# same time: ids that start anywhere at all keep them apart.
_IDS = 1 << 40


@dataclass(frozen=True, slots=True)
class Named:
    """A profile, and what the settings call it."""

    name: str
    """Empty for one that a script has made."""
    profile: Profile


class Batch:
    """A batch of photos and the machinery for them."""

    def __init__(
        self,
        settings: Settings,
        named: Named,
        out_dir: Path | None,
        state: Path,
        log: Log,
        *,
        reading: Reading = AS_ONE,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """No photo is taken in yet.

        Args:
            settings: engine, workers and limits are used.
            named: the profile for all photos.
            out_dir: where results go; if None, beside each photo.
            state: an empty directory for the ledger, private copies and downloads.
            log: for what happens on the way.
            reading: what in a file is a photo of its own.
            on_ready: called when the engine is there, and work begins.
        """
        self._settings = settings
        self._named = named
        self._reading = reading
        self._state = state
        self._log = log
        self._on_ready = on_ready
        limits = settings.limits
        bounds = Bounds(int(limits.max_download_mb * (1 << 20)), total_s=limits.download_timeout_s)
        self._sources = Sources(out_dir, state / "downloads", bounds)

    def __len__(self) -> int:
        return len(self._sources.taken) + len(self._sources.ended)

    def add(self, given: str) -> None:
        """Take in a file, a folder with all below it, or an http(s) address.

        Raises:
            SettingsError: results would lie among the photos of a folder.
        """
        self._sources.add(given)

    def leave_out_existing(self) -> None:
        """End all photos whose results are there already: those of an earlier run, cut short."""
        out_dirs = self._sources.out_dirs()
        sightings = [one.sighting for one in self._sources.taken]
        there = existing(
            [(one, out_dirs[one.folder]) for one in sightings],
            self._named.profile,
            self._named.name,
        )
        self._sources.leave_out(there.items())

    def run(self) -> Generator[Ending]:
        """Work on all of them; each ending comes as soon as it is there.

        To be closed if it is not used up: it ends the photo processes and the engine, and leaves
        no set of results half published.

        Raises:
            NoEngine: no engine can run as demanded.
            ResultsTrouble: the results cannot be written.
        """
        yield from self._sources.ended
        if not self._sources.taken:
            return
        out_dirs = self._sources.out_dirs()
        _make(out_dirs.values())
        sightings = [one.sighting for one in self._sources.taken]
        wake = WakeUp()
        with (
            running(self._settings, self._log, wait=False) as engine,
            Ledger.open(self._state / "ledger.sqlite", ids_from=secrets.randbelow(_IDS)) as ledger,
            self._staging_left_tidy(photos := ledger.notice_all(sightings, time.time())),
            assembly.opened(
                self._no_idle_workers(),
                ledger,
                engine,
                snapshots=self._state,
                wake=wake.set,
                log=self._log,
            ) as filing,
        ):
            filing.begin()
            await_ready(engine)
            self._on_ready()
            filing.serve({folder: self._to(out_dir) for folder, out_dir in out_dirs.items()})
            try:
                yield from self._endings(photos, filing, ledger, wake)
            finally:
                filing.publish_planned()

    def _no_idle_workers(self) -> Settings:
        count = Capacity.here().workers(self._settings.workers)
        return self._settings.model_copy(
            update={
                "workers": min(count, len(self._sources.taken)),
                "executor": ExecutorSettings(),  # what is done once is done here
            }
        )

    def _endings(
        self, photos: Iterable[Photo], filing: Filing, ledger: Ledger, wake: WakeUp
    ) -> Iterator[Ending]:
        told = {(s.sighting.folder, s.sighting.path): s.told for s in self._sources.taken}
        left = {photo.id: told[photo.folder, photo.path] for photo in photos}
        while True:
            filing.turn()
            if filing.paused is not None:
                raise ResultsTrouble(filing.paused, 0)
            for photo_id in tuple(left):
                stuck = filing.stuck(photo_id)
                if ending := ending_of(ledger, photo_id, left[photo_id], stuck):
                    del left[photo_id]
                    folder = ending.entry.photo.folder if ending.entry else ""
                    yield replace(ending, out_dir=self._sources.out_dir(folder))
            if not left:
                return
            due_s = filing.next_turn_s()
            wait_s = _LONGEST_WAIT_S if due_s is None else due_s - time.monotonic()
            wake.wait(min(max(wait_s, 0.01), _LONGEST_WAIT_S))

    def _to(self, out_dir: Path) -> Destination:
        limits = Patience(
            attempts=self._settings.limits.attempts, give_up_s=0, first_wait_s=_FIRST_WAIT_S
        )
        return Destination(
            out_dir,
            self._named.profile,
            limits,
            reports=False,
            profile_name=self._named.name,
            reading=self._reading,
        )

    @contextmanager
    def _staging_left_tidy(self, photos: Iterable[Photo]) -> Iterator[None]:
        """Remove what is staged in the end, but not what a daemon or a second run has staged."""
        try:
            yield
        finally:
            for out_dir in set(self._sources.out_dirs().values()):
                self._tidy(out_dir, photos)

    def _tidy(self, out_dir: Path, photos: Iterable[Photo]) -> None:
        try:
            for photo in photos:
                staging.discard(out_dir, photo.id)
        except ResultsTrouble as error:
            self._log.warning(Event.STAGING_LEFT, reason=error.reason)
        with contextlib.suppress(OSError):  # if it is not empty, it is in use
            os.rmdir(os.path.join(os.fsencode(out_dir), roots.STAGING))


def _make(out_dirs: Iterable[Path]) -> None:
    for out_dir in out_dirs:
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"{out_dir} cannot be made: {error.strerror}"
            raise ResultsTrouble(reason, error.errno or 0) from error
