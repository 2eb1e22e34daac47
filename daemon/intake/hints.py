"""Events of the file system, which only ever pull a path forward.

Nothing is lost when an event is: the scan finds it, a little later. So every kind of trouble here,
no watches left, a silent file system, a folder that vanished, is reported once and lived with.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify import InotifyEmitter

from daemon.intake.inotify import Inotify
from daemon.intake.mounts import file_system, sends_events

# Without FileModifiedEvent: a scanner that writes for a minute would wake us thousands of times,
# to learn what the next look learns anyway.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
]


@dataclass(frozen=True, slots=True, order=True)
class Hint:
    """Look here soon."""

    folder: str
    path: bytes
    """Relative to the folder."""
    tree: bool
    """A directory came: scan the sub-tree, since its files may have come without events."""


@dataclass(frozen=True, slots=True)
class Hinted:
    """All hints since the last time."""

    hints: tuple[Hint, ...]
    overflowed: bool
    """Events were lost, or too many to remember: scan every folder."""


@dataclass(frozen=True, slots=True)
class HintedFolder:
    """A folder to be hinted at."""

    folder: str
    recursive: bool


class Hints:
    """Watches folders, from threads of its own."""

    def __init__(
        self,
        watches: Iterable[HintedFolder],
        *,
        wake: Callable[[], None],
        on_trouble: Callable[[str, str], None],
        limit: int = 10_000,
    ) -> None:
        """Prepare; nothing is watched before ``start``.

        Args:
            watches: the folders.
            wake: called, from another thread, when there is something to drain.
            on_trouble: called with a folder and one line, once for each pair; from any thread.
            limit: how many hints are remembered.
        """
        self._watches = {watch.folder: watch for watch in watches}
        self._on_trouble = on_trouble
        self._box = _Box(wake, limit)
        self._scheduled: dict[str, ObservedWatch] = {}
        self._reported: set[tuple[str, str]] = set()
        self._lost: set[str] = set()
        self._inotify: Inotify | None = None
        self._observer: BaseObserver | None = None

    def start(self) -> None:
        """Begin to watch; folders that cannot be watched are reported, never raised."""
        try:
            self._inotify = Inotify(
                frozenset(self._watches),
                on_limit=self._limit_reached,
                on_end=self._lost.add,
                on_overflow=self._box.overflow,
            )
        except OSError as error:
            for folder in self._watches:
                self._trouble(folder, f"no events: {error.strerror}")
            return
        self._inotify.start()
        self._observer = BaseObserver(InotifyEmitter, inotify_fd=self._inotify)
        self._observer.start()
        for watch in self._watches.values():
            self._schedule(watch)

    def lost(self, folder: str) -> bool:
        """Whether the kernel has ended the watch on a folder: it was unmounted or removed."""
        return folder in self._lost

    def renew(self, folder: str) -> None:
        """Watch a folder afresh: it was away, or something else is mounted there now."""
        if self._observer is None or folder not in self._watches:
            return
        self._lost.discard(folder)
        if scheduled := self._scheduled.pop(folder, None):
            self._observer.unschedule(scheduled)
        self._schedule(self._watches[folder])

    def drain(self) -> Hinted:
        """Take all hints that have come since the last call."""
        return self._box.empty()

    def stop(self) -> None:
        """End all threads; drain may still be called."""
        if self._observer is not None and self._inotify is not None:
            self._observer.stop()
            self._observer.join()
            self._inotify.stop()
            self._inotify.join()
        self._observer = self._inotify = None
        self._scheduled.clear()

    def _schedule(self, watch: HintedFolder) -> None:
        assert self._observer is not None
        try:
            kind = file_system(watch.folder)
            if not sends_events(kind):
                self._trouble(watch.folder, f"no events from a {kind} file system")
            handler = _Handler(self._box, watch.folder)
            self._scheduled[watch.folder] = self._observer.schedule(
                handler, watch.folder, recursive=watch.recursive, event_filter=_EVENTS
            )
        except OSError as error:
            self._trouble(watch.folder, f"no events: {error.strerror}")

    def _limit_reached(self, path: bytes, error: OSError) -> None:
        """A sub-folder went unwatched, which watchdog keeps to itself."""
        for folder in self._watches:
            if path.startswith(os.fsencode(folder) + b"/"):
                self._trouble(folder, f"not all events: {error.strerror}")

    def _trouble(self, folder: str, reason: str) -> None:
        if (folder, reason) not in self._reported:
            self._reported.add((folder, reason))
            self._on_trouble(folder, f"{reason}; the scan finds what events do not tell")


class _Box:
    """Where the threads leave hints for the main loop."""

    def __init__(self, wake: Callable[[], None], limit: int) -> None:
        self._wake = wake
        self._limit = limit
        self._lock = threading.Lock()
        self._hints: set[Hint] = set()
        self._overflowed = False

    def put(self, hint: Hint) -> None:
        with self._lock:
            if len(self._hints) < self._limit:
                self._hints.add(hint)
            else:
                self._overflowed = True
        self._wake()

    def overflow(self) -> None:
        with self._lock:
            self._overflowed = True
        self._wake()

    def empty(self) -> Hinted:
        with self._lock:
            hinted = Hinted(tuple(sorted(self._hints)), self._overflowed)
            self._hints, self._overflowed = set(), False
        return hinted


class _Handler(FileSystemEventHandler):
    """Turns watchdog's events into hints."""

    def __init__(self, box: _Box, folder: str) -> None:
        self._box = box
        self._folder = folder

    def on_any_event(self, event: FileSystemEvent) -> None:
        arrived = os.fsencode(event.dest_path or event.src_path)
        path = os.path.relpath(arrived, os.fsencode(self._folder))
        self._box.put(Hint(self._folder, path, event.is_directory))
