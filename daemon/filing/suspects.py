"""Photos that were at work together when the daemon ended: one of them may have ended it.

Nobody knows which, and only the one that did shall pay for it. So none is charged, and they work
alone from now on: if the daemon ends again, there is no doubt.
"""

from __future__ import annotations

from collections.abc import Collection

from daemon.ledger import Ledger, State

_OPEN = (State.WAITING, State.RETRYING, State.WORKING)


class Suspects:
    """While there are any, photos work one at a time."""

    def __init__(self) -> None:
        self._ids: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._ids)

    def add(self, photo_id: int) -> None:
        """Nothing speaks for this photo yet."""
        self._ids.add(photo_id)

    def clear(self, photo_id: int) -> None:
        """It has worked and the daemon lives."""
        self._ids.discard(photo_id)

    def review(self, ledger: Ledger, *, without: Collection[str]) -> None:
        """Clear those whose turn will not come: they are gone, or their folder is.

        Args:
            ledger: which knows.
            without: folders that are not worked for at present.
        """
        for photo_id in tuple(self._ids):
            entry = ledger.entry(photo_id)
            if entry is None or entry.state not in _OPEN or entry.photo.folder in without:
                self._ids.discard(photo_id)
