"""One watched folder: scan, hints and settle rule put together.

Scan is truth, events are hints: a full scan comes every ``scan_s`` whatever the events say; a hint
makes one path be looked at now; a file that is settling is looked at again exactly when that look
can settle it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from daemon.config.settings import Folder
from daemon.errors import FolderGone
from daemon.intake.busy import BusyFiles
from daemon.intake.capability import Capability
from daemon.intake.hints import Hint
from daemon.intake.ignore import Rule
from daemon.intake.inbox import without_marker
from daemon.intake.missed import Missed
from daemon.intake.news import FolderNews
from daemon.intake.oddities import Oddities
from daemon.intake.scan import Clock, Scan, look, scan
from daemon.intake.scan_times import ScanTimes
from daemon.intake.settle import Settling
from daemon.log.events import Event, Log
from daemon.photo import Sighting

_PORTION = 500
"""Files to look at again in one turn."""


@dataclass(frozen=True, slots=True)
class FolderTurn:
    """What one turn saw of a folder."""

    settled: tuple[Sighting, ...] = ()
    """Photos that are complete by now."""
    last_scan: Scan | None = None
    """A full scan, if one was made: the word on what is missing."""
    exchanged: bool = False
    """Whether the folder was found back, or another in its place."""
    paused: str | None = None
    """Why nothing can be seen there at the moment."""


class WatchedFolder:
    """Finds the photos of one folder and says when each is complete."""

    def __init__(
        self,
        settings: Folder,
        log: Log,
        *,
        trouble: Callable[[], str | None] = lambda: None,
        clock: Clock = time.monotonic,
    ) -> None:
        """Nothing is looked at before the first turn.

        Args:
            settings: of the folder.
            log: for what is odd there.
            trouble: why the folder is not itself at the moment; None if it is.
            clock: gives seconds on the monotonic clock.
        """
        self._settings = settings
        self._folder = str(settings.watch)
        self._log = log.bind(folder=self._folder)
        self._trouble = trouble
        self._clock = clock
        self._rule = Rule.of(ignore=settings.ignore)
        self._capability = Capability()
        self._settling = Settling(settings.settle_s)
        self._due = deque[bytes]()
        """Files that a look can settle, the oldest first."""
        self._missed = Missed()
        self._oddities = Oddities(self._folder, self._log)
        self._busy = BusyFiles(self._folder, self._log)
        self._times = ScanTimes(clock(), settings.settle_s)
        self._identity: tuple[int, int] | None = None
        self._paused: str | None = None
        self._last_scan: Scan | None = None
        self._exchanged = False
        self._watched_anew = False

    def set_up(self) -> bool:
        """Find out what the folder's file system can do, and say so.

        Returns:
            Whether events can announce what comes there.
        """
        self._capability = found = Capability.of(self._settings)
        self._log.info(
            Event.FOLDER_WATCHED,
            results=self._settings.results,
            profile=self._settings.profile,
            file_system=found.file_system,
            events=found.events,
            silent_below=found.silent_below,
        )
        return found.events

    def turn(self, hints: tuple[Hint, ...] = ()) -> FolderTurn:
        """Look at all that is due.

        Args:
            hints: about this folder.
        """
        self._last_scan, self._exchanged = None, False
        if self._clock() >= self._times.next_s:
            self._scan_all()
        if self._paused is None:
            for hint in hints:
                self._follow(hint)
            self._look_again()
        settled = self._busy.closed(self._settling.due(), self._settling, self._capability)
        if self._capability.events:
            self._tell_missed(settled)
        seen = FolderTurn(settled, self._last_scan, self._exchanged, self._paused)
        if seen.last_scan is not None:
            self._capability = self._capability.looked_below(self._folder)
        return seen

    def next_turn_s(self) -> float:
        """When there is something to do again, on the monotonic clock."""
        if self._due and self._paused is None:
            return self._clock()
        look_s = self._settling.next_look_s()
        if look_s is None or self._paused is not None:
            return self._times.next_s
        return min(self._times.held_until_s(look_s) or look_s, self._times.next_s)

    def scan_soon(self, *, watched_anew: bool = False) -> None:
        """Make the next turn a full scan.

        Args:
            watched_anew: whether events have begun just now, which told of nothing before.
        """
        self._times.soon(self._clock())
        self._watched_anew |= watched_anew

    def news(self) -> FolderNews:
        """How the folder is, for who asks."""
        return FolderNews(
            self._paused,
            self._capability.file_system,
            self._capability.events,
            settling=len(self._settling.waiting()),
            missed=self._missed.count,
        )

    def _follow(self, hint: Hint) -> None:
        if hint.tree:
            self._attempt(lambda: self._scan(hint.path))
        else:
            self._look(hint.path)
            self._missed.announced((hint.path,))

    def _look_again(self) -> None:
        """Look at what that can settle: the oldest first, and not at twenty thousand at once."""
        if not self._due and self._times.held_until_s(self._clock()) is None:
            self._due.extend(path for _, path in self._settling.to_look(self._clock()))
        for _ in range(min(_PORTION, len(self._due))):
            self._look(self._due.popleft(), expected=True)

    def _tell_missed(self, settled: tuple[Sighting, ...]) -> None:
        now_s = self._clock()
        self._missed.settled((one.path for one in settled), now_s)
        if found := self._missed.convict(now_s):
            facts = {"photos": len(found), "in_all": self._missed.count, "path": found[0]}
            self._log.info(Event.FOLDER_EVENTS_MISSED, **facts)

    def _look(self, path: bytes, *, expected: bool = False) -> None:
        recursive = self._settings.recursive
        seen = look(self._folder, path, recursive=recursive, rule=self._rule, clock=self._clock)
        if seen is not None:
            self._settling.observe(seen)
        elif expected:
            # Either gone, or unreadable for the moment: in both cases it has to settle anew.
            self._forget(path)

    def _forget(self, path: bytes) -> None:
        self._settling.forget(self._folder, path)
        self._busy.forget(path)

    def _scan_all(self) -> None:
        began_s = self._clock()
        self._attempt(lambda: self._scan(b""))
        every_s = self._capability.scan_s(self._settings.scan_s)
        note = self._times.scanned if self._paused is None else self._times.failed
        note(began_s, self._clock(), every_s=every_s)

    def _scan(self, under: bytes) -> None:
        recursive = self._settings.recursive
        found = scan(
            self._folder, recursive=recursive, rule=self._rule, under=under, clock=self._clock
        )
        for sighting in found.sightings:
            self._settling.observe(sighting)
        for path in found.missing(self._settling.paths(self._folder)):
            self._forget(path)
        self._oddities.tell(found)
        if not under:
            self._last_scan = found
            self._due.clear()
        if under or self._is_new(found) or self._watched_anew:
            self._missed.announced(one.path for one in found.sightings)
        if not under:
            self._watched_anew = False
            self._missed.forget_all_but(one.path for one in self._settling.waiting())

    def _is_new(self, found: Scan) -> bool:
        """Whether no event can have told what lies there: it was away, or is looked at first."""
        known, self._identity = self._identity, (found.device, found.inode)
        self._exchanged = self._paused is not None or known not in {None, self._identity}
        return self._exchanged or known is None

    def _attempt(self, scanning: Callable[[], None]) -> None:
        """Scan; a folder that is away pauses, and nothing in it is taken for deleted."""
        reason = self._absent()
        try:
            if reason is None:
                scanning()
                # Once more: it may have been unmounted in the middle, and all seem deleted.
                reason = self._absent()
        except FolderGone as error:
            reason = error.reason
        if reason is None:
            self._resume()
        else:
            self._pause(reason)

    def _absent(self) -> str | None:
        return without_marker(self._settings) or self._trouble()

    def _pause(self, reason: str) -> None:
        if self._paused is None:
            self._log.warning(Event.FOLDER_PAUSED, reason=reason)
        self._paused, self._last_scan = reason, None

    def _resume(self) -> None:
        if self._paused is not None:
            self._log.info(Event.FOLDER_RESUMED)
        self._paused = None
