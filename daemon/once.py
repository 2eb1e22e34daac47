"""Photos worked on once, through the daemon's own queue, processes and filing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daemon import workshop
from daemon.errors import MattedError, ResultsTrouble
from daemon.events import Log
from daemon.fetch import fetch, is_address
from daemon.filing import Filing
from daemon.intake.ignore import Rule
from daemon.intake.scan import scan
from daemon.ledger import Entry, Ledger, State
from daemon.photo import Sighting, Version, show
from daemon.policy import Limits
from daemon.profiles import Profile
from daemon.publishing import Destination
from daemon.settings import Settings
from daemon.shelf import staging

_TRIES = 3
_FIRST_WAIT_S = 0.3
_LONGEST_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Ending:
    """One photo's end."""

    source: str
    entry: Entry | None = None
    """What the ledger knows of it; None if it did not even come to that."""
    error: str | None = None


class Once:
    """A batch of photos and the machinery for them."""

    def __init__(
        self, settings: Settings, profile: Profile, out_dir: Path, state: Path, log: Log
    ) -> None:
        """Prepare.

        Args:
            settings: engine, workers and limits are used.
            profile: for all photos.
            out_dir: where results go.
            state: an empty directory for the ledger, private copies and downloads.
            log: for what happens on the way.
        """
        self._settings = settings
        self._profile = profile
        self._out_dir = out_dir
        self._state = state
        self._log = log
        self._sightings: dict[tuple[str, bytes], Sighting] = {}
        self._sources: dict[tuple[str, bytes], str] = {}
        self._failed: list[Ending] = []

    def __len__(self) -> int:
        return len(self._sightings) + len(self._failed)

    def add(self, given: str) -> None:
        """Take in a file, a folder with all below it, or an http(s) address."""
        try:
            if is_address(given):
                downloads = self._state / "downloads" / str(len(self))
                downloads.mkdir(parents=True)
                self._add_file(given, fetch(given, downloads))
            elif Path(given).is_dir():
                self._add_folder(given)
            else:
                self._add_file(given, Path(given))
        except MattedError as error:
            self._failed.append(Ending(show(given), error=str(error)))
        except OSError as error:
            self._failed.append(Ending(show(given), error=f"cannot be read: {error.strerror}"))

    def run(self) -> Iterator[Ending]:
        """Work on all of them; each ending comes as soon as it is there.

        Raises:
            EngineUnavailable: no engine can run as demanded.
            ResultsTrouble: the results cannot be written.
        """
        yield from self._failed
        if not self._sightings:
            return
        self._make_out_dir()
        wake = threading.Event()
        with (
            workshop.running(self._settings.engine, self._log) as engine,
            Ledger.open(self._state / "ledger.sqlite") as ledger,
            workshop.opened(
                self._settings,
                ledger,
                engine,
                snapshots=self._state,
                at_most=len(self._sightings),
                wake=wake.set,
                log=self._log,
            ) as filing,
        ):
            filing.serve(dict.fromkeys((folder for folder, _ in self._sightings), self._to()))
            yield from self._ended(filing, ledger, wake)
        self._leave_no_staging()

    def _ended(self, filing: Filing, ledger: Ledger, wake: threading.Event) -> Iterator[Ending]:
        noticed = ledger.notice_all(self._sightings.values(), time.time())
        left = {photo.id: self._sources[photo.folder, photo.path] for photo in noticed}
        while left:
            filing.turn()
            if filing.paused is not None:
                raise ResultsTrouble(filing.paused, 0)
            for photo_id in tuple(left):
                if ending := _ending(ledger, photo_id, left[photo_id]):
                    del left[photo_id]
                    yield ending
            due_s = filing.next_turn_s()
            wait_s = _LONGEST_WAIT_S if due_s is None else due_s - time.monotonic()
            wake.wait(min(max(wait_s, 0.01), _LONGEST_WAIT_S))
            wake.clear()

    def _to(self) -> Destination:
        limits = Limits(
            attempts=self._settings.limits.attempts, give_up_s=0, first_wait_s=_FIRST_WAIT_S
        )
        return Destination(self._out_dir, self._profile, limits, reports=False)

    def _add_file(self, given: str, path: Path) -> None:
        # The folder is resolved, the name is not: a symlink to a photo keeps its own name.
        folder = str(path.parent.resolve())
        target = path.resolve(strict=True)
        if target.name != path.name or str(target.parent) != folder:
            folder, path = str(target.parent), target
        key = (folder, os.fsencode(path.name))
        self._take(given, Sighting(*key, Version.of(path.stat()), time.monotonic()))

    def _add_folder(self, given: str) -> None:
        folder = str(Path(given).resolve())
        found = scan(folder, recursive=True, rule=Rule())
        own = os.fsencode(self._out_dir) + b"/"
        for sighting in found.sightings:
            if not os.path.join(os.fsencode(folder), sighting.path).startswith(own):
                self._take(os.path.join(given, os.fsdecode(sighting.path)), sighting)
        for trouble in found.trouble:
            path = os.path.join(given, os.fsdecode(trouble.path))
            self._failed.append(Ending(show(path), error=trouble.reason))

    def _take(self, given: str, sighting: Sighting) -> None:
        key = (sighting.folder, sighting.path)
        self._sightings.setdefault(key, sighting)
        self._sources.setdefault(key, show(given))

    def _make_out_dir(self) -> None:
        try:
            self._out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"{self._out_dir} cannot be made: {error.strerror}"
            raise ResultsTrouble(reason, error.errno or 0) from error

    def _leave_no_staging(self) -> None:
        try:
            staging.sweep(self._out_dir, keep=())
            os.rmdir(os.path.join(os.fsencode(self._out_dir), staging.STAGING))
        except (ResultsTrouble, OSError) as error:
            self._log.warning("staging.left", reason=str(error))


def _ending(ledger: Ledger, photo_id: int, source: str) -> Ending | None:
    entry = ledger.entry(photo_id)
    if entry is None:
        return None
    match entry.state:
        case State.FILED:
            return Ending(source, entry)
        case State.FAILED | State.GONE:
            return Ending(source, entry, entry.reason or "is gone")
        case State.RETRYING if entry.photo.tries >= _TRIES:
            # The daemon would go on trying for as long as the file is there; nobody waits here.
            reason = entry.reason or "does not work"
            ledger.failed(photo_id, reason, now_s=time.time())
            return Ending(source, entry, reason)
        case _:
            return None
