"""How long the photos of a folder were really watched. Pure; the clock is given.

Neither a clock that is put right nor a machine that slept says anything about a file, so what was
unchanged "for an hour" has to have been looked at for an hour. Time counts from turn to turn of
the main loop, on the monotonic clock, and only while the folder can be seen; of a turn that came
late, because the process was stopped or a share hung, only a part counts.
"""

from __future__ import annotations

from collections.abc import Collection

from daemon.photo import Photo

_LONGEST_TURN_S = 15.0
"""Turns come every few seconds; who was away for longer has not watched."""


class Watched:
    """Adds up the watched time of folders, and of photos that wait for the rest of their content.

    What was watched before a restart is in the ledger; this knows what came since.
    """

    def __init__(self) -> None:
        self._turned_s: float | None = None
        self._folders: dict[str, float] = {}
        self._marks: dict[int, float] = {}

    def turned(self, now_s: float, folders: Collection[str]) -> None:
        """One turn of the main loop.

        Args:
            now_s: on the monotonic clock, which stands still while the machine sleeps.
            folders: those that can be seen at present.
        """
        passed_s = 0.0 if self._turned_s is None else max(now_s - self._turned_s, 0.0)
        for folder in folders:
            known_s = self._folders.get(folder, 0.0)
            self._folders[folder] = known_s + min(passed_s, _LONGEST_TURN_S)
        self._turned_s = now_s

    def of(self, photo: Photo) -> float:
        """Seconds for which this version was watched, from the first time this was asked."""
        here_s = self._folders.get(photo.folder, 0.0)
        return photo.watched_s + here_s - self._marks.setdefault(photo.id, here_s)

    def noted(self, photo: Photo) -> None:
        """The ledger knows what ``of`` said by now; count on from there."""
        self._marks[photo.id] = self._folders.get(photo.folder, 0.0)

    def forget(self, photo: Photo) -> None:
        """The photo has ended."""
        self._marks.pop(photo.id, None)
