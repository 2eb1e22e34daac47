"""Photos worked on once, through the daemon's own queue, processes and filing."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.batch.existing import existing
from daemon.batch.fetch import Bounds, fetch, is_foreign
from daemon.config.profiles import Profile
from daemon.config.settings import Settings
from daemon.engine.hosting import running
from daemon.errors import MattedError, ResultsTrouble, SettingsError, SourceTrouble
from daemon.filing import assembly
from daemon.filing.destinations import Destination
from daemon.filing.policy import Patience
from daemon.filing.queue import Filing
from daemon.intake.ignore import Rule
from daemon.intake.scan import Remark, Scan, scan
from daemon.ledger import Entry, Ledger, State
from daemon.log.events import Event, Log
from daemon.photo import Sighting, Version, show
from daemon.shelf import roots, staging
from matting.web import is_address, shown

_TRIES = 3
_FIRST_WAIT_S = 0.3
_LONGEST_WAIT_S = 0.5
# Photos are staged under their ids, in directories that a daemon or a second run may use at the
# same time: ids that start anywhere at all keep them apart.
_IDS = 1 << 40
_BELOW = "matted"
"""Where results of a folder go if nobody says where: a second run must not take them for photos."""


@dataclass(frozen=True, slots=True)
class Ending:
    """One photo's end."""

    source: str
    entry: Entry | None = None
    """What the ledger knows of it; None if it did not even come to that."""
    error: str | None = None
    out_dir: Path | None = None
    """Where its results are."""
    existing: tuple[Path, ...] = ()
    """Its results, if they were there before and it was left out."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A photo that is to be worked on."""

    sighting: Sighting
    source: str
    """As it was given."""


class Batch:
    """A batch of photos and the machinery for them."""

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        out_dir: Path | None,
        state: Path,
        log: Log,
        *,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            settings: engine, workers and limits are used.
            profile: for all photos.
            out_dir: where results go; if None, beside each photo.
            state: an empty directory for the ledger, private copies and downloads.
            log: for what happens on the way.
            on_ready: called when the engine is there, and work begins.
        """
        self._settings = settings
        self._profile = profile
        self._out_dir = out_dir
        self._state = state
        self._log = log
        self._on_ready = on_ready
        self._taken: dict[tuple[str, bytes], _Taken] = {}
        self._out_dirs: dict[str, Path] = {}
        """By the folder of a photo."""
        self._ended: list[Ending] = []
        """What needs no work, or can have none."""
        self._ids: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self._taken) + len(self._ended)

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
            self._ended.append(Ending(_told(given), error=str(error)))
        except (OSError, ValueError) as error:  # a path that has a zero byte is a ValueError
            reason = getattr(error, "strerror", None) or error
            self._ended.append(Ending(_told(given), error=f"cannot be read: {reason}"))

    def _add(self, given: str) -> None:
        if not given:  # else it would be the present folder, where a script's variable was unset
            raise SourceTrouble("an empty name is no photo", 0)
        if is_address(given):
            downloads = self._state / "downloads" / str(len(self))
            downloads.mkdir(parents=True, exist_ok=True)
            self._add_file(given, fetch(given, downloads, self._bounds()), beside=Path.cwd())
        elif is_foreign(given) and not os.path.lexists(given):
            raise SourceTrouble("only http and https addresses are fetched", 0)
        elif Path(given).is_dir():
            self._add_folder(given)
        else:
            self._add_file(given, Path(given), beside=Path(given).parent.resolve())

    def _bounds(self) -> Bounds:
        limits = self._settings.limits
        max_bytes = int(limits.max_download_mb * (1 << 20))
        return Bounds(max_bytes, total_s=limits.download_timeout_s)

    def leave_out_existing(self) -> None:
        """End all photos whose results are there already: those of an earlier run, cut short."""
        there = existing(
            [(one.sighting, self._out_dirs[folder]) for (folder, _), one in self._taken.items()],
            self._profile,
        )
        for sighting, files in there.items():
            one = self._taken.pop((sighting.folder, sighting.path))
            self._ended.append(Ending(one.source, existing=files))

    def run(self) -> Generator[Ending]:
        """Work on all of them; each ending comes as soon as it is there.

        To be closed if it is not used up: it ends the photo processes and the engine, and leaves
        no set of results half published.

        Raises:
            EngineUnavailable: no engine can run as demanded.
            ResultsTrouble: the results cannot be written.
        """
        yield from self._ended
        if not self._taken:
            return
        self._make_out_dirs()
        wake = threading.Event()
        with (
            running(self._settings, self._log) as engine,
            Ledger.open(self._state / "ledger.sqlite", ids_from=secrets.randbelow(_IDS)) as ledger,
            self._leaving_no_staging(),
            assembly.opened(
                self._no_idle_workers(),
                ledger,
                engine,
                snapshots=self._state,
                wake=wake.set,
                log=self._log,
            ) as filing,
        ):
            self._on_ready()
            filing.serve({folder: self._to(folder) for folder, _ in self._taken})
            try:
                yield from self._endings(filing, ledger, wake)
            finally:
                filing.publish_planned()

    def _no_idle_workers(self) -> Settings:
        count = assembly.count_workers(self._settings.workers)
        return self._settings.model_copy(update={"workers": min(count, len(self._taken))})

    def _endings(self, filing: Filing, ledger: Ledger, wake: threading.Event) -> Iterator[Ending]:
        sightings = [one.sighting for one in self._taken.values()]
        noticed = ledger.notice_all(sightings, time.time())
        self._ids = tuple(photo.id for photo in noticed)
        left = {photo.id: self._taken[photo.folder, photo.path].source for photo in noticed}
        while left:
            filing.turn()
            if filing.paused is not None:
                raise ResultsTrouble(filing.paused, 0)
            for photo_id in tuple(left):
                stuck = filing.stuck(photo_id)
                if ending := _ending(ledger, photo_id, left[photo_id], stuck):
                    del left[photo_id]
                    folder = ending.entry.photo.folder if ending.entry else ""
                    yield replace(ending, out_dir=self._out_dirs.get(folder))
            due_s = filing.next_turn_s()
            wait_s = _LONGEST_WAIT_S if due_s is None else due_s - time.monotonic()
            wake.wait(min(max(wait_s, 0.01), _LONGEST_WAIT_S))
            wake.clear()

    def _to(self, folder: str) -> Destination:
        limits = Patience(
            attempts=self._settings.limits.attempts, give_up_s=0, first_wait_s=_FIRST_WAIT_S
        )
        return Destination(self._out_dirs[folder], self._profile, limits, reports=False)

    def _add_file(self, given: str, path: Path, *, beside: Path) -> None:
        # Resolved, since a photo process follows no symlink: one named here is meant.
        target = path.resolve(strict=True)
        found = target.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SourceTrouble("is not a regular file", 0)
        key = (str(target.parent), os.fsencode(target.name))
        self._out_dirs.setdefault(key[0], self._out_dir or beside)
        self._take(given, Sighting(*key, Version.of(found), time.monotonic()))

    def _add_folder(self, given: str) -> None:
        folder = Path(given).resolve()
        if folder == self._out_dir:
            fault = f"is where photos come from; take a folder of its own, e.g. {folder}/{_BELOW}"
            raise SettingsError(f"--out {folder}", (fault,))
        out_dir = self._out_dirs.setdefault(str(folder), self._out_dir or folder / _BELOW)
        found = scan(str(folder), recursive=True, rule=Rule())
        photos = [one for one in found.sightings if not _is_result(folder, out_dir, one)]
        for sighting in photos:
            self._take(os.path.join(given, os.fsdecode(sighting.path)), sighting)
        for remark in (*found.trouble, *(one for one in found.ignored if _is_odd(one))):
            path = os.path.join(given, os.fsdecode(remark.path))
            self._ended.append(Ending(show(path), error=remark.reason))
        if not photos:
            self._ended.append(Ending(show(given), error=_none_in(found)))

    def _take(self, given: str, sighting: Sighting) -> None:
        key = (sighting.folder, sighting.path)
        self._taken.setdefault(key, _Taken(sighting, _told(given)))

    def _targets(self) -> set[Path]:
        return {self._out_dirs[folder] for folder, _ in self._taken}

    def _make_out_dirs(self) -> None:
        for out_dir in self._targets():
            try:
                out_dir.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = f"{out_dir} cannot be made: {error.strerror}"
                raise ResultsTrouble(reason, error.errno or 0) from error

    @contextmanager
    def _leaving_no_staging(self) -> Iterator[None]:
        """Remove what is staged in the end, but not what a daemon or a second run has staged."""
        try:
            yield
        finally:
            for out_dir in self._targets():
                self._tidy(out_dir)

    def _tidy(self, out_dir: Path) -> None:
        try:
            for photo_id in self._ids:
                staging.discard(out_dir, photo_id)
        except ResultsTrouble as error:
            self._log.warning(Event.STAGING_LEFT, reason=error.reason)
        with contextlib.suppress(OSError):  # if it is not empty, it is in use
            os.rmdir(os.path.join(os.fsencode(out_dir), roots.STAGING))


def _is_result(folder: Path, out_dir: Path, sighting: Sighting) -> bool:
    """Whether it lies where this run's results go, in a folder below the one scanned."""
    inside = out_dir.is_relative_to(folder)
    return inside and (folder / os.fsdecode(sighting.path)).is_relative_to(out_dir)


def _told(given: str) -> str:
    """What was given, without passwords and signatures."""
    return shown(given) if "://" in given and not os.path.lexists(given) else show(given)


def _is_odd(remark: Remark) -> bool:
    """Whether it is a photo by its name, and yet nothing that can be worked on."""
    return Rule().takes(os.path.basename(remark.path))


def _none_in(found: Scan) -> str:
    others = len(found.ignored)
    return "there are no photos in it" + (f"; files of other kinds: {others}" if others else "")


def _ending(ledger: Ledger, photo_id: int, source: str, stuck: str | None) -> Ending | None:
    entry = ledger.entry(photo_id)
    if entry is None:
        return None
    match entry.state:
        case State.FILED:
            return Ending(source, entry)
        case State.FAILED | State.GONE:
            return Ending(source, entry, entry.reason or "is gone")
        case State.PUBLISHING if stuck:
            return Ending(source, entry, stuck)
        case State.RETRYING if entry.photo.tries >= _TRIES and entry.due_s > time.time():
            # The daemon would go on trying for as long as the file is there; nobody waits here.
            reason = entry.reason or "does not work"
            ledger.failed(photo_id, reason, now_s=time.time())
            return Ending(source, entry, reason)
        case _:
            return None
