"""The front desk of one watched folder: scan, hints and settle rule put together.

Scan is truth, events are hints: a full scan comes every ``scan_s`` whatever the events say; a hint
makes one path be looked at now; a file that is settling is looked at again exactly when that look
can settle it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from daemon.config.settings import Folder
from daemon.errors import FolderGone
from daemon.intake.hints import Hint
from daemon.intake.ignore import Rule
from daemon.intake.missed import Missed
from daemon.intake.scan import Clock, Remark, Scan, look, scan
from daemon.intake.settle import Settling
from daemon.intake.writers import open_for_writing
from daemon.log.events import Event, Log
from daemon.photo import Sighting

# A scan of a slow share must not keep the daemon busy with nothing else.
_REST_PER_SCAN = 10
_LONGEST_PAUSE_S = 60.0
_SCAN_S = 10.0
_SCAN_SILENT_S = 2.0
_LONGEST_HOLD_S = 1.0


def without_marker(folder: Folder) -> str | None:
    """Why a folder is taken for an absent share, where the settings name a file for that."""
    marker = folder.marker
    if marker is not None and not os.path.lexists(os.path.join(folder.watch, marker)):
        return f"its marker {marker} is not there"
    return None


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
        """Prepare.

        Args:
            settings: of the folder.
            log: for what is odd there.
            trouble: why the folder is not itself at the moment; None if it is.
            clock: gives seconds on the monotonic clock.
        """
        self.settings = settings
        self.folder = str(settings.watch)
        self.paused: str | None = None
        """Why nothing can be seen there at the moment."""
        self.last_scan: Scan | None = None
        """A full scan that the last turn made, if it made one: the word on what is missing."""
        self.exchanged = False
        """Whether the last turn found the folder back, or another in its place."""
        self.events = False
        """Whether events announce what comes; what they miss is counted then."""
        self.silent_below: tuple[str, ...] = ()
        """Shares mounted somewhere below, of which no events come."""
        self.local = False
        """Whether the folder lies on a file system of this machine, which knows of all writers."""
        self.missed = Missed()
        self._log = log.bind(folder=self.folder)
        self._trouble = trouble
        self._clock = clock
        self._rule = Rule.of(ignore=settings.ignore)
        self._settling = Settling(settings.settle_s)
        self._told: set[Remark] = set()
        self._busy: set[bytes] = set()
        self._identity: tuple[int, int] | None = None
        self._scan_at_s = clock()
        self._scanned_s = (0.0, 0.0)
        self._failures = 0
        self._watched_anew = False

    def turn(self, hints: tuple[Hint, ...] = ()) -> tuple[Sighting, ...]:
        """Look at all that is due.

        Args:
            hints: about this folder.

        Returns:
            The photos that have settled by now.
        """
        self.last_scan, self.exchanged = None, False
        if self._clock() >= self._scan_at_s:
            self._scan_all()
        if self.paused is None:
            for hint in hints:
                self._follow(hint)
            if self._held_until_s(self._clock()) is None:
                for _, path in self._settling.to_look(self._clock()):
                    self._look(path, expected=True)
        settled = self._closed(self._settling.due())
        if self.events:
            self._tell_missed(settled)
        return settled

    def _closed(self, settled: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
        """Those that nobody writes to any more; the others settle anew."""
        if not settled:
            return ()
        shared = tuple(os.fsencode(path) + b"/" for path in self.silent_below)
        root = os.fsencode(self.folder)
        local = [one.path for one in settled if not os.path.join(root, one.path).startswith(shared)]
        busy = open_for_writing(self.folder, local, local=self.local)
        for one in settled:
            if one.path not in busy:
                self._busy.discard(one.path)
                continue
            self._settling.reopen(one)
            if one.path not in self._busy:
                self._log.info(Event.FILE_BUSY, path=one.path)
            self._busy.add(one.path)
        return tuple(one for one in settled if one.path not in busy)

    @property
    def scan_s(self) -> float:
        """Time between two full looks; the more often, the less events can be relied on."""
        if self.settings.scan_s != "auto":
            return self.settings.scan_s
        return _SCAN_S if self.events and not self.silent_below else _SCAN_SILENT_S

    def next_turn_s(self) -> float:
        """When there is something to do again, on the monotonic clock."""
        look_s = self._settling.next_look_s()
        if look_s is None or self.paused is not None:
            return self._scan_at_s
        return min(self._held_until_s(look_s) or look_s, self._scan_at_s)

    def _held_until_s(self, now_s: float) -> float | None:
        """When to look at what the last scan saw, if it is due now in part: all of it at once.

        A scan sees files in no order. What lay there together is to settle together, or the
        oldest of a thousand would not be the first to be filed.
        """
        began_s, ended_s = (at_s + self.settings.settle_s for at_s in self._scanned_s)
        held = began_s <= now_s < ended_s <= began_s + _LONGEST_HOLD_S
        return ended_s if held else None

    def scan_soon(self, *, watched_anew: bool = False) -> None:
        """Make the next turn a full scan.

        Args:
            watched_anew: whether events have begun just now, which told of nothing before.
        """
        self._scan_at_s = self._clock()
        self._watched_anew |= watched_anew

    def settling(self) -> tuple[Sighting, ...]:
        """What is there but not complete yet."""
        return self._settling.waiting()

    def _follow(self, hint: Hint) -> None:
        if hint.tree:
            self._attempt(lambda: self._scan(hint.path))
        else:
            self._look(hint.path)
            self.missed.announced((hint.path,))

    def _tell_missed(self, settled: tuple[Sighting, ...]) -> None:
        now_s = self._clock()
        self.missed.settled((one.path for one in settled), now_s)
        if found := self.missed.convict(now_s):
            facts = {"photos": len(found), "in_all": self.missed.count, "path": found[0]}
            self._log.info(Event.FOLDER_EVENTS_MISSED, **facts)

    def _look(self, path: bytes, *, expected: bool = False) -> None:
        seen = look(
            self.folder, path, recursive=self.settings.recursive, rule=self._rule, clock=self._clock
        )
        if seen is not None:
            self._settling.observe(seen)
        elif expected:
            # Either gone, or unreadable for the moment: in both cases it has to settle anew.
            self._forget(path)

    def _forget(self, path: bytes) -> None:
        self._settling.forget(self.folder, path)
        self._busy.discard(path)

    def _scan_all(self) -> None:
        began_s = self._clock()
        self._attempt(lambda: self._scan(b""))
        self._scanned_s = (began_s, self._clock())
        took_s = self._clock() - began_s
        wait_s = max(self.scan_s, took_s * _REST_PER_SCAN)
        if self.paused is not None:
            wait_s = min(wait_s * 2**self._failures, _LONGEST_PAUSE_S)
            self._failures += 1
        self._scan_at_s = self._clock() + wait_s

    def _scan(self, under: bytes) -> None:
        found = scan(
            self.folder,
            recursive=self.settings.recursive,
            rule=self._rule,
            under=under,
            clock=self._clock,
        )
        for sighting in found.sightings:
            self._settling.observe(sighting)
        for path in found.missing(self._settling.paths(self.folder)):
            self._forget(path)
        self._remark(found)
        if not under:
            self.last_scan = found
        if under or self._is_new(found) or self._watched_anew:
            self.missed.announced(one.path for one in found.sightings)
        if not under:
            self._watched_anew = False
            self.missed.forget_all_but(one.path for one in self._settling.waiting())

    def _is_new(self, found: Scan) -> bool:
        """Whether no event can have told what lies there: it was away, or is looked at first."""
        known, self._identity = self._identity, (found.device, found.inode)
        self.exchanged = self.paused is not None or known not in {None, self._identity}
        return self.exchanged or known is None

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
        return without_marker(self.settings) or self._trouble()

    def _pause(self, reason: str) -> None:
        if self.paused is None:
            self._log.warning(Event.FOLDER_PAUSED, reason=reason)
        self.paused, self.last_scan = reason, None

    def _resume(self) -> None:
        if self.paused is not None:
            self._log.info(Event.FOLDER_RESUMED)
        self.paused, self._failures = None, 0

    def _remark(self, found: Scan) -> None:
        """Say once what is odd; what is no longer so is forgotten, or a year would fill memory."""
        empty = (
            Remark(sighting.path, "is empty; waiting for its content")
            for sighting in found.sightings
            if not sighting.version.size_bytes
        )
        odd = {
            **dict.fromkeys(found.ignored, Event.FILE_IGNORED),
            **dict.fromkeys(found.trouble, Event.FOLDER_TROUBLED),
            **dict.fromkeys(empty, Event.FILE_EMPTY),
        }
        for remark in odd.keys() - self._told:
            path = remark.path or os.fsencode(self.folder)
            self._log.info(odd[remark], path=path, reason=remark.reason)
        self._told = set(odd) if not found.under else self._told | odd.keys()
