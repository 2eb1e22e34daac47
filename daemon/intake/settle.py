"""When is a file complete? One rule for every source, start-up included. Pure; the clock is given.

A file has settled when its version is the same in at least two looks that lie ``settle_s`` or more
apart on the monotonic clock, it is not empty, and nobody is known to have it open for writing. The
age of its mtime says nothing: clocks of NAS boxes are wrong, and copies keep the date of their
originals.

Times here are those of looks, never of thinking about them: a process that was stopped for an hour
has not watched a file for an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from daemon.photo import Sighting


@dataclass(frozen=True, slots=True)
class _Watched:
    first: Sighting
    """The first look at the present version."""
    last: Sighting
    settled: bool = False


Key = tuple[str, bytes]
"""Folder and relative path."""


class Settling:
    """What was seen of each file so far.

    Feed it every look; each version comes back once, when it has settled. Folders that differ in
    ``settle_s`` need one each.
    """

    def __init__(self, settle_s: float = 2.0) -> None:
        self._settle_s = settle_s
        self._seen: dict[Key, _Watched] = {}
        self._unsettled: set[Key] = set()
        self._due: list[Sighting] = []

    def observe(self, sighting: Sighting) -> None:
        """Take note of one look; looks may come in any order and as often as they like."""
        key = (sighting.folder, sighting.path)
        known = self._seen.get(key)
        if known is None or known.first.version != sighting.version:
            self._seen[key] = _Watched(sighting, sighting)
            self._unsettled.add(key)
        elif not known.settled and sighting.seen_at_s >= known.last.seen_at_s:
            settled = bool(sighting.version.size_bytes) and (
                sighting.seen_at_s - known.first.seen_at_s >= self._settle_s
            )
            self._seen[key] = _Watched(known.first, sighting, settled)
            if settled:
                self._unsettled.discard(key)
                self._due.append(sighting)

    def reopen(self, sighting: Sighting) -> None:
        """Somebody had the file open for writing at this look: it settles anew from here on."""
        key = (sighting.folder, sighting.path)
        self._seen[key] = _Watched(sighting, sighting)
        self._unsettled.add(key)

    def due(self) -> tuple[Sighting, ...]:
        """Hand out what has settled since the last call, in the order of settling."""
        due, self._due = tuple(self._due), []
        return due

    def to_look(self, now: float) -> tuple[Key, ...]:
        """Files that one look, taken now, could settle, the oldest first: no scan is needed."""
        due = (key for key in self._unsettled if (at := self._look_s(key)) and at <= now)
        return tuple(sorted(due, key=lambda key: self._seen[key].first.by_age))

    def next_look_s(self) -> float | None:
        """When ``to_look`` will next have something, on the monotonic clock; None for never."""
        times = [at for key in self._unsettled if (at := self._look_s(key)) is not None]
        return min(times, default=None)

    def _look_s(self, key: Key) -> float | None:
        """Empty files are not looked at on purpose: only their first byte, a change, counts."""
        first = self._seen[key].first
        return first.seen_at_s + self._settle_s if first.version.size_bytes else None

    def forget(self, folder: str, path: bytes) -> None:
        """The file was looked for and is not there; if it comes back, it settles anew."""
        self._seen.pop((folder, path), None)
        self._unsettled.discard((folder, path))

    def paths(self, folder: str) -> tuple[bytes, ...]:
        """All files of a folder that were seen and not forgotten, to compare with a scan."""
        return tuple(path for at, path in self._seen if at == folder)

    def waiting(self) -> tuple[Sighting, ...]:
        """The last looks at what has not settled, empty files included; for status."""
        return tuple(self._seen[key].last for key in sorted(self._unsettled))
