"""Photos worked on once, through the daemon's own queue, processes and filing."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon import workshop
from daemon.errors import MattedError, ResultsTrouble, SettingsError, SourceTrouble
from daemon.events import Event, Log
from daemon.fetch import Bounds, fetch, is_foreign
from daemon.filing import Filing
from daemon.intake.ignore import Rule
from daemon.intake.scan import Remark, Scan, scan
from daemon.ledger import Entry, Ledger, State
from daemon.photo import Sighting, Version, show
from daemon.policy import Limits
from daemon.profiles import Profile
from daemon.publishing import Destination
from daemon.settings import Settings
from daemon.shelf import staging
from matting.web import is_address, shown

_TRIES = 3
_FIRST_WAIT_S = 0.3
_LONGEST_WAIT_S = 0.5
# Photos are staged under their ids, in directories that a daemon or a second run may use at the
# same time: ids that start anywhere at all keep them apart.
_IDS = 1 << 40


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
        self._ids: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self._sightings) + len(self._failed)

    def add(self, given: str) -> None:
        """Take in a file, a folder with all below it, or an http(s) address.

        Raises:
            SettingsError: results would lie among the photos of a folder.
        """
        try:
            self._add(given)
        except SettingsError:
            raise
        except MattedError as error:
            self._failed.append(Ending(_told(given), error=str(error)))
        except (OSError, ValueError) as error:  # a path that has a zero byte is a ValueError
            reason = getattr(error, "strerror", None) or error
            self._failed.append(Ending(_told(given), error=f"cannot be read: {reason}"))

    def _add(self, given: str) -> None:
        if not given:  # else it would be the present folder, where a script's variable was unset
            raise SourceTrouble("an empty name is no photo", 0)
        if is_address(given):
            downloads = self._state / "downloads" / str(len(self))
            downloads.mkdir(parents=True, exist_ok=True)
            self._add_file(given, fetch(given, downloads, self._bounds()))
        elif is_foreign(given) and not os.path.lexists(given):
            raise SourceTrouble("only http and https addresses are fetched", 0)
        elif Path(given).is_dir():
            self._add_folder(given)
        else:
            self._add_file(given, Path(given))

    def _bounds(self) -> Bounds:
        limits = self._settings.limits
        max_bytes = int(limits.max_download_mb * (1 << 20))
        return Bounds(max_bytes, total_s=limits.download_timeout_s)

    def run(self) -> Generator[Ending]:
        """Work on all of them; each ending comes as soon as it is there.

        To be closed if it is not used up: it ends the photo processes and the engine, and leaves
        no set of results half published.

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
            workshop.running(self._settings, self._log) as engine,
            Ledger.open(self._state / "ledger.sqlite", ids_from=secrets.randbelow(_IDS)) as ledger,
            self._leaving_no_staging(),
            workshop.opened(
                self._no_idle_workers(),
                ledger,
                engine,
                snapshots=self._state,
                wake=wake.set,
                log=self._log,
            ) as filing,
        ):
            filing.serve(dict.fromkeys((folder for folder, _ in self._sightings), self._to()))
            try:
                yield from self._ended(filing, ledger, wake)
            finally:
                filing.publish_planned()

    def _no_idle_workers(self) -> Settings:
        count = workshop.count_workers(self._settings.workers)
        return self._settings.model_copy(update={"workers": min(count, len(self._sightings))})

    def _ended(self, filing: Filing, ledger: Ledger, wake: threading.Event) -> Iterator[Ending]:
        noticed = ledger.notice_all(self._sightings.values(), time.time())
        self._ids = tuple(photo.id for photo in noticed)
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
        # Resolved, since a photo process follows no symlink: one named here is meant.
        target = path.resolve(strict=True)
        found = target.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SourceTrouble("is not a regular file", 0)
        key = (str(target.parent), os.fsencode(target.name))
        self._take(given, Sighting(*key, Version.of(found), time.monotonic()))

    def _add_folder(self, given: str) -> None:
        folder = Path(given).resolve()
        if folder == self._out_dir:
            fault = f"is where photos come from; take a folder of its own, e.g. {folder}/matted"
            raise SettingsError(f"--out {folder}", (fault,))
        found = scan(str(folder), recursive=True, rule=Rule())
        photos = [one for one in found.sightings if not self._is_result(folder, one)]
        for sighting in photos:
            self._take(os.path.join(given, os.fsdecode(sighting.path)), sighting)
        for remark in (*found.trouble, *(one for one in found.ignored if _is_odd(one))):
            path = os.path.join(given, os.fsdecode(remark.path))
            self._failed.append(Ending(show(path), error=remark.reason))
        if not photos:
            self._failed.append(Ending(show(given), error=_none_in(found)))

    def _is_result(self, folder: Path, sighting: Sighting) -> bool:
        """Whether it lies where this run's results go, in a folder below the one scanned."""
        inside = self._out_dir.is_relative_to(folder)
        return inside and (folder / os.fsdecode(sighting.path)).is_relative_to(self._out_dir)

    def _take(self, given: str, sighting: Sighting) -> None:
        key = (sighting.folder, sighting.path)
        self._sightings.setdefault(key, sighting)
        self._sources.setdefault(key, _told(given))

    def _make_out_dir(self) -> None:
        try:
            self._out_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"{self._out_dir} cannot be made: {error.strerror}"
            raise ResultsTrouble(reason, error.errno or 0) from error

    @contextmanager
    def _leaving_no_staging(self) -> Iterator[None]:
        """Remove what is staged in the end, but not what a daemon or a second run has staged."""
        try:
            yield
        finally:
            try:
                for photo_id in self._ids:
                    staging.discard(self._out_dir, photo_id)
            except ResultsTrouble as error:
                self._log.warning(Event.STAGING_LEFT, reason=error.reason)
            with contextlib.suppress(OSError):  # if it is not empty, it is in use
                os.rmdir(os.path.join(os.fsencode(self._out_dir), staging.STAGING))


def _told(given: str) -> str:
    """What was given, without passwords and signatures."""
    return shown(given) if "://" in given and not os.path.lexists(given) else show(given)


def _is_odd(remark: Remark) -> bool:
    """Whether it is a photo by its name, and yet nothing that can be worked on."""
    return Rule().takes(os.path.basename(remark.path))


def _none_in(found: Scan) -> str:
    others = len(found.ignored)
    return "there are no photos in it" + (f"; files of other kinds: {others}" if others else "")


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
