"""The daemon: builds everything, turns the main loop, listens to signals."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Any

from daemon import config_file, notify, workshop
from daemon.errors import MattedError, SettingsError
from daemon.events import Event, Log
from daemon.intake.front import Front
from daemon.intake.hints import Hints, Watch
from daemon.intake.mounts import file_system, sends_events
from daemon.ledger import Ledger, State
from daemon.lock import Lock
from daemon.policy import Limits
from daemon.publishing import Destination
from daemon.settings import Engine as EngineSettings
from daemon.settings import Folder, Settings
from daemon.status import Board, FolderNews, News
from matting.host import EngineHost

OpenEngine = Callable[[EngineSettings, Log], AbstractContextManager[EngineHost]]

_DRAIN_S = 20.0
_LONGEST_WAIT_S = 5.0


class Service:
    """One run of the daemon."""

    def __init__(self, config: Path, log: Log, *, engine: OpenEngine = workshop.running) -> None:
        """Read the settings.

        Args:
            config: the settings file.
            log: for everything that happens.
            engine: how to get an engine that is ready.

        Raises:
            SettingsError: with every fault.
        """
        self._config = config
        self._log = log
        self._open_engine = engine
        self._settings = config_file.load(config)
        self._wake = threading.Event()
        self._stopping = False
        self._reloading = False
        self._started_s = time.time()
        self._fronts: dict[str, Front] = {}
        self._mounted: dict[str, tuple[str, bool]] = {}

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            MattedError: it cannot start, or cannot go on.
        """
        self._listen_to_signals()
        self._log.info(Event.SERVICE_STARTED, pid=os.getpid(), config=self._config)
        self._make_folders()
        settings = self._settings
        with (
            Lock(settings.state_dir),
            Ledger.open(settings.state_dir / "ledger.sqlite") as self._ledger,
            self._open_engine(settings.engine, self._log) as engine,
            workshop.opened(
                settings,
                self._ledger,
                engine,
                snapshots=_fresh(settings.state_dir / "snapshots"),
                wake=self._wake.set,
                log=self._log,
            ) as self._filing,
        ):
            self._engine = engine
            self._board = Board(settings.state_dir)
            self._open_folders()
            self._filing.recover()
            self._serve()
            self._close()
        self._log.info(Event.SERVICE_STOPPED)

    def _serve(self) -> None:
        self._tell_how_it_is()
        notify.ready(self._status())
        self._log.info(Event.SERVICE_READY, folders=list(self._fronts))
        while not self._stopping:
            if self._reloading:
                self._reload()
            self._turn()
            notify.alive()
            self._tell_how_it_is()
            self._wake.wait(self._until_next_turn_s())
            self._wake.clear()

    def _turn(self) -> None:
        hinted = self._hints.drain()
        for front in self._fronts.values():
            if hinted.overflowed:
                front.scan_soon()
            hints = tuple(hint for hint in hinted.hints if hint.folder == front.folder)
            self._take_in(front, hints)
        paused = [folder for folder, front in self._fronts.items() if front.paused is not None]
        self._filing.turn(paused_folders=paused)

    def _take_in(self, front: Front, hints: tuple[Any, ...]) -> None:
        """Into the ledger with what has settled; out of the queue with what is not there."""
        now_s = time.time()
        for photo in self._ledger.notice_all(front.turn(hints), now_s):
            self._log.info(
                Event.PHOTO_SETTLED,
                photo=photo.id,
                folder=photo.folder,
                path=photo.shown,
                size_bytes=photo.version.size_bytes,
            )
        if (found := front.last_scan) is not None:
            pending = self._ledger.pending(front.folder)
            for path in found.missing(pending):
                self._ledger.gone(pending[path], now_s=now_s)
                self._log.info(
                    Event.PHOTO_GONE, photo=pending[path], folder=front.folder, path=path
                )

    def _until_next_turn_s(self) -> float:
        times = [front.next_turn_s() for front in self._fronts.values()]
        if (filing_s := self._filing.next_turn_s()) is not None:
            times.append(filing_s)
        return min(max(min(times) - time.monotonic(), 0.0), _LONGEST_WAIT_S)

    # Folders

    def _make_folders(self) -> None:
        """The state directory and the results; a watched folder that is away may come back."""
        settings = self._settings
        archives = [folder.archive for folder in settings.folders if folder.archive]
        for path in (
            settings.state_dir,
            *(folder.results for folder in settings.folders),
            *archives,
        ):
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                fault = f"{path} cannot be made: {error.strerror}"
                raise SettingsError(str(self._config), (fault,)) from error

    def _open_folders(self) -> None:
        """Begin to watch what the settings say; what was watched before goes on."""
        folders = {str(folder.watch): folder for folder in self._settings.folders}
        self._fronts = {
            path: self._fronts[path]
            if path in self._fronts and self._fronts[path].settings == folder
            else Front(folder, self._log)
            for path, folder in folders.items()
        }
        self._filing.serve(
            {path: destination(folder, self._settings) for path, folder in folders.items()}
        )
        self._hints = Hints(
            [
                Watch(path, folder.recursive)
                for path, folder in folders.items()
                if self._has_events(folder)
            ],
            wake=self._wake.set,
            on_trouble=lambda folder, reason: self._log.warning(
                Event.FOLDER_BLIND, folder=folder, reason=reason
            ),
        )
        self._hints.start()

    def _has_events(self, folder: Folder) -> bool:
        try:
            kind = file_system(str(folder.watch))
        except OSError:
            kind = "away"
        events = folder.events != "off" and sends_events(kind)
        self._mounted[str(folder.watch)] = (kind, events)
        self._log.info(
            Event.FOLDER_WATCHED,
            folder=folder.watch,
            results=folder.results,
            profile=folder.profile,
            file_system=kind,
            events=events,
            scan_s=folder.scan_s,
        )
        return events

    # Signals

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._ask_to_reload)

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._stopping = True
        self._wake.set()

    def _ask_to_reload(self, _: int, __: FrameType | None) -> None:
        self._reloading = True
        self._wake.set()

    def _reload(self) -> None:
        """Take over new folders and profiles; a bad file changes nothing."""
        self._reloading = False
        notify.reloading()
        try:
            settings = config_file.load(self._config)
            before, self._settings = self._settings, settings
            try:
                self._make_folders()
            except SettingsError:
                self._settings = before
                raise
        except SettingsError as error:
            self._log.error(Event.SETTINGS_REFUSED, faults=error.faults)
        else:
            self._hints.stop()
            self._open_folders()
            needs_restart = [
                name
                for name in ("state_dir", "engine", "workers", "limits")
                if getattr(before, name) != getattr(settings, name)
            ]
            self._log.info(Event.SETTINGS_RELOADED, need_a_restart=needs_restart)
        notify.ready(self._status())

    def _close(self) -> None:
        """Let the photos in flight finish, up to a limit."""
        notify.stopping()
        self._hints.stop()
        until_s = time.monotonic() + _DRAIN_S
        while self._filing.drain() and time.monotonic() < until_s:
            self._wake.wait(0.2)
            self._wake.clear()

    def _tell_how_it_is(self) -> None:
        """To systemd, and to whoever asks `matted status`."""
        notify.status(self._status())
        folders = {
            path: FolderNews(front.paused, *self._mounted[path], len(front.settling()))
            for path, front in self._fronts.items()
        }
        self._board.post(
            News(os.getpid(), self._started_s, self._filing.paused, self._engine.hello, folders)
        )

    def _status(self) -> str:
        counts = self._ledger.counts()
        waiting = counts[State.WAITING] + counts[State.RETRYING]
        working = counts[State.WORKING] + counts[State.PUBLISHING]
        told = f"{waiting} waiting, {working} working, {counts[State.FILED]} filed"
        if counts[State.FAILED]:
            told += f", {counts[State.FAILED]} failed"
        paused = [f"{path} paused: {f.paused}" for path, f in self._fronts.items() if f.paused]
        if self._filing.paused:
            paused.append(f"paused: {self._filing.paused}")
        return "; ".join((told, *paused))


def destination(folder: Folder, settings: Settings) -> Destination:
    """What filing has to know of a folder."""
    limits = Limits(attempts=settings.limits.attempts, give_up_s=folder.give_up_s)
    profile = settings.profile(folder.profile)
    return Destination(folder.results, profile, limits, folder.originals, folder.archive)


def _fresh(directory: Path) -> Path:
    """An empty directory; what an earlier run left in it is of no use."""
    try:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    except OSError as error:
        raise MattedError(f"{directory} cannot be made: {error.strerror}") from error
    return directory
