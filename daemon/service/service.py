"""The daemon: builds everything, turns the main loop, listens to signals."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from daemon.config import load
from daemon.config.links import Links
from daemon.config.settings import EngineSettings, Folder, Settings
from daemon.delivery.deliveries import Deliveries
from daemon.delivery.metrics import Condition
from daemon.engine.hosting import running
from daemon.errors import LedgerTrouble, MattedError, SettingsError
from daemon.filing import assembly
from daemon.filing.destinations import Destination
from daemon.filing.policy import Patience
from daemon.intake import inbox
from daemon.intake.folders import WatchedFolders
from daemon.intake.identity import Identities
from daemon.ledger import Ledger, State
from daemon.log.events import Event, Log, facts
from daemon.machine import instance, private
from daemon.machine.lock import Lock
from daemon.machine.resource_limits import demand_enough
from daemon.service import notify
from daemon.service.liveness import Watchdog
from daemon.service.lost_ledger import companions, filed_before
from daemon.service.pauses import Pauses
from daemon.service.status import Board, News, midnight_s
from matting.process.host import EngineHost

OpenEngine = Callable[[Settings, Log], AbstractContextManager[EngineHost]]

_DRAIN_S = 20.0
_LONGEST_WAIT_S = 5.0
_TELL_S = 1.0
_FIRST_LOOK_S = 300.0
_LINKS_S = 2.0
_FIXED = ("state_dir", "engine", "workers", "limits")
"""Settings that a reload cannot change."""


class Service:
    """One run of the daemon."""

    def __init__(self, config: Path, log: Log, *, engine: OpenEngine = running) -> None:
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
        self._text = load.read(config)
        self._settings, self._links = self._parsed(self._text)
        self._links_at_s = 0.0
        self._wake = threading.Event()
        self._stopping = False
        self._reloading = False
        self._started_s = time.time()
        self._tell_at_s = 0.0
        self._untold = False
        self._trouble: str | None = None
        self._refused: str | None = None

    def _parsed(self, text: str) -> tuple[Settings, Links]:
        base = load.base(self._config)
        settings = load.parse(text, source=str(self._config), base=base, config=self._config)
        return settings, Links(load.named_paths(text, base))

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            MattedError: it cannot start, or cannot go on.
        """
        self._listen_to_signals()
        self._log.info(Event.SERVICE_STARTED, pid=os.getpid(), config=self._config)
        settings = self._settings
        demand_enough(assembly.count_workers(settings.workers))
        with Lock(settings.state_dir), self._opened_ledger(settings) as self._ledger:
            self._identities = Identities(settings.state_dir)
            self._make_folders()
            notify.starting("starting the engine", within_s=_start_s(settings.engine))
            with self._open_engine(settings, self._log) as engine:
                self._work_with(engine)
        self._log.info(Event.SERVICE_STOPPED)

    def _opened_ledger(self, settings: Settings) -> Ledger:
        """The ledger; that one was lost is never passed over in silence.

        Raises:
            LedgerTrouble: it cannot be opened, or it is gone from beside its companions.
        """
        path = settings.state_dir / "ledger.sqlite"
        if path.exists():
            return Ledger.open(path)
        if left := companions(settings.state_dir):
            raise LedgerTrouble(
                f"the ledger {path} is lost: {left[0].name} beside it says that there was one. Put"
                f" it back; or remove {left[0].parent} to begin anew, and photos that are still in"
                " the watched folders are filed again"
            )
        for results in dict.fromkeys(folder.results for folder in settings.folders):
            if filed_before(results):
                self._log.warning(Event.LEDGER_NEW, ledger=path, results=results)
        return Ledger.open(path)

    def _work_with(self, engine: EngineHost) -> None:
        state_dir = self._settings.state_dir
        self._engine, self._board = engine, Board(state_dir)
        self._watching = WatchedFolders(
            self._ledger,
            self._identities,
            owner=_owner(state_dir),
            wake=self._wake.set,
            log=self._log,
        )
        self._pauses = Pauses(self._ledger)
        self._deliveries = Deliveries(self._ledger.path, self._condition, self._log)
        with (
            contextlib.closing(self._watching),
            contextlib.closing(self._deliveries),
            assembly.opened(
                self._settings,
                self._ledger,
                engine,
                snapshots=_fresh(state_dir / "snapshots"),
                absent=self._identities.trouble,
                wake=self._wake.set,
                log=self._log,
            ) as self._filing,
        ):
            self._open_folders()
            self._filing.recover()
            self._serve()
            self._close()

    def _serve(self) -> None:
        watchdog = Watchdog(
            notify.alive, log=self._log, photo_timeout_s=self._settings.limits.photo_timeout_s
        )
        notify.starting("looking at the folders", within_s=_FIRST_LOOK_S)
        self._turn()  # so that the folders, too, are known to be as they should, or paused
        notify.ready(self._status())
        self._log.info(Event.SERVICE_READY, folders=self._watching.folders)
        while not self._stopping:
            if self._reloading:
                self._reload()
            if time.monotonic() >= self._links_at_s:
                self._follow_links()
            began_s = time.monotonic()
            self._turn()
            watchdog.turned(
                overdue=self._trouble is None and self._watching.next_turn_s() <= began_s,
                at_work=self._filing.at_work,
                engine=self._engine.state,
            )
            self._wake.wait(self._until_next_turn_s())
            self._wake.clear()

    def _turn(self) -> None:
        """Look and file; while the ledger cannot be written, neither is possible."""
        try:
            self._watching.turn()
            self._filing.turn(paused_folders=self._watching.paused)
            self._pauses.turned(self._paused(), now_s=time.time())
            self._tell_how_it_is()
        except LedgerTrouble as error:
            if self._trouble is None:
                self._log.error(Event.SERVICE_PAUSED, reason=str(error))
            self._trouble = str(error)
        else:
            if self._trouble is not None:
                self._log.info(Event.SERVICE_RESUMED)
            self._trouble = None

    def _paused(self) -> dict[str | None, str]:
        """Why folders are paused; under None why everything is."""
        paused: dict[str | None, str] = dict(self._watching.paused.items())
        return paused if self._filing.paused is None else paused | {None: self._filing.paused}

    def _condition(self) -> Condition:
        paused = self._watching.paused
        return Condition(
            version=version("matted"),
            engine=str(self._engine.hello.get("engine", "")),
            device=str(self._engine.hello.get("device", "")),
            engine_starts=self._engine.starts,
            paused=self._trouble or self._filing.paused,
            folders={path: paused.get(path) for path in self._watching.folders},
        )

    def _until_next_turn_s(self) -> float:
        if self._trouble is not None:
            return _LONGEST_WAIT_S
        times = [self._watching.next_turn_s()]
        if (filing_s := self._filing.next_turn_s()) is not None:
            times.append(filing_s)
        if self._untold:
            times.append(self._tell_at_s)
        return min(max(min(times) - time.monotonic(), 0.0), _LONGEST_WAIT_S)

    # Folders

    def _make_folders(self) -> None:
        """Results and archives, unless on a share that is away; watched folders at first only."""
        for folder in self._settings.folders:
            self._make_inbox(folder)
            for path in filter(None, (folder.results, folder.archive)):
                try:
                    if self._identities.may_make(str(path)):
                        path.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    fault = f"{path} cannot be made: {error.strerror}"
                    raise SettingsError(str(self._config), (fault,)) from error

    def _make_inbox(self, folder: Folder) -> None:
        known = not self._identities.may_make_watched(str(folder.watch))
        if folder.watch.exists() or known or inbox.hindrance(folder.watch, folder.marker):
            return
        if inbox.make(folder.watch):
            self._log.info(Event.FOLDER_MADE, folder=folder.watch)

    def _open_folders(self) -> None:
        """Watch what the settings say, and file it where they say."""
        settings = self._settings
        destinations = {str(one.watch): destination(one, settings) for one in settings.folders}
        self._filing.prepare(destinations)  # the one of these that may fail
        self._watching.watch(settings.folders)
        self._filing.serve(destinations)
        self._deliveries.serve(settings)

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
        self._take_over(lambda: load.read(self._config))

    def _follow_links(self) -> None:
        """Where a link to a folder leads elsewhere, go there as a reload of the same text would."""
        self._links_at_s = time.monotonic() + _LINKS_S
        moved = self._links.moved()
        for one in moved:
            reason = None if one.there else "no folder is there; the one before is still used"
            told = facts(link=one.link, before=one.before, now=one.now, reason=reason)
            self._log.warning(Event.FOLDER_RETARGETED, **told)
        if any(one.there for one in moved):
            self._take_over(lambda: self._text)

    def _take_over(self, read: Callable[[], str]) -> None:
        notify.reloading()
        before = self._settings
        try:
            text = read()
            self._settings, links = self._parsed(text)
            self._make_folders()
            self._open_folders()
            self._text, self._links = text, links
        except Exception as error:  # noqa: BLE001 - whatever new settings set off, the old ones hold
            self._refuse(error)
            self._go_back_to(before)
        else:
            changed = [name for name in _FIXED if _differ(name, before, self._settings)]
            self._refused = None
            self._log.info(Event.SETTINGS_RELOADED, need_a_restart=changed)
        notify.ready(self._status())

    def _go_back_to(self, before: Settings) -> None:
        """The old settings hold, whatever of the new ones took effect already."""
        half_done, self._settings = self._settings is not before, before
        if not half_done:
            return
        try:
            self._open_folders()
        except Exception as error:  # noqa: BLE001 - as in _reload; what is watched goes on
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        faults = error.faults if isinstance(error, SettingsError) else (str(error),)
        if not isinstance(error, MattedError):
            faults = (f"a fault in matted itself: {type(error).__name__}: {error}",)
        self._refused = "; ".join(faults)
        unexpected = not isinstance(error, MattedError)
        self._log.error(Event.SETTINGS_REFUSED, faults=faults, exc_info=unexpected)

    def _close(self) -> None:
        """Let the photos in flight finish, up to a limit."""
        notify.stopping()
        self._watching.stop()
        until_s = time.monotonic() + _DRAIN_S
        while self._filing.drain() and time.monotonic() < until_s:
            self._wake.wait(0.2)
            self._wake.clear()

    def _tell_how_it_is(self) -> None:
        """To systemd, and to who asks `matted status`; counting takes time, so not too often."""
        self._untold = time.monotonic() < self._tell_at_s
        if self._untold:
            return
        self._tell_at_s = time.monotonic() + _TELL_S
        notify.status(self._status())
        self._board.post(
            News(
                pid=os.getpid(),
                started_s=self._started_s,
                paused=self._filing.paused,
                engine=self._engine.hello,
                folders=self._watching.news(),
            )
        )

    def _status(self) -> str:
        counts = self._ledger.counts()
        waiting = counts[State.WAITING] + counts[State.RETRYING]
        working = counts[State.WORKING] + counts[State.PUBLISHING]
        today = self._ledger.count_filed_since(midnight_s())
        told = [f"{waiting} waiting, {working} working, {today} filed today"]
        if counts[State.FAILED]:
            told[0] += f", {counts[State.FAILED]} failed"
        told += [f"{path} paused: {reason}" for path, reason in self._watching.paused.items()]
        if self._filing.paused:
            told.append(f"paused: {self._filing.paused}")
        if self._refused:
            told.append(f"new settings refused, the old ones hold: {self._refused}")
        return "; ".join(told)


def destination(folder: Folder, settings: Settings) -> Destination:
    """What filing has to know of a folder."""
    limits = Patience(attempts=settings.limits.attempts, give_up_s=folder.give_up_s)
    profile = settings.profile(folder.profile)
    return Destination(
        folder.results,
        profile,
        limits,
        folder.originals,
        folder.archive,
        duplicates=folder.duplicates == "process",
    )


def _owner(state_dir: Path) -> str:
    try:
        return instance.owner(state_dir)
    except OSError as error:
        raise LedgerTrouble(f"{state_dir} cannot be used: {error.strerror}") from error


def _start_s(engine: EngineSettings) -> float:
    """Within what time the engine is ready or given up; the process ends within 30 s."""
    return engine.start_timeout_s + 30.0


def _differ(name: str, one: Settings, other: Settings) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _fresh(directory: Path) -> Path:
    """An empty directory; what an earlier run left in it is of no use."""
    try:
        shutil.rmtree(directory, ignore_errors=True)
        private.make_directory(directory)
    except OSError as error:
        raise MattedError(f"{directory} cannot be made: {error.strerror}") from error
    return directory
