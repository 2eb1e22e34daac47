"""Which photos were found by a scan alone, though events should have announced them. Pure.

Nothing is lost when an event is, but somebody should know: a folder where many are missed wants a
shorter ``scan_s``, or a higher limit of inotify watches.
"""

from __future__ import annotations

from collections.abc import Iterable

_LATE_S = 2.0
"""Watchdog holds events back for half a second, and a busy machine for longer."""


class Missed:
    """Compares what has settled in one folder with what was announced there."""

    def __init__(self) -> None:
        self.count = 0
        """Photos found by a scan alone, so far."""
        self._announced: set[bytes] = set()
        self._suspects: dict[bytes, float] = {}

    def announced(self, paths: Iterable[bytes]) -> None:
        """An event told of these files, or they were there before any event could."""
        for path in paths:
            if self._suspects.pop(path, None) is None:
                self._announced.add(path)

    def settled(self, paths: Iterable[bytes], now_s: float) -> None:
        """These are complete; each is announced by now, or will be soon, or was missed."""
        for path in paths:
            if path in self._announced:
                self._announced.discard(path)
            else:
                self._suspects.setdefault(path, now_s)

    def convict(self, now_s: float) -> tuple[bytes, ...]:
        """Count those of which no event has told in time; each is handed out once."""
        found = tuple(path for path, at_s in self._suspects.items() if now_s - at_s >= _LATE_S)
        for path in found:
            del self._suspects[path]
        self.count += len(found)
        return found

    def forget_all_but(self, settling: Iterable[bytes]) -> None:
        """Announcements of what is not settling are of no more use; they would fill memory."""
        self._announced.intersection_update(settling)
