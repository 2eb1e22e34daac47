"""Forget, in portions and beside the work, what the settings want kept for so long only.

A photo is forgotten only if its original is not in the watched folder any more: the ledger is what
knows that it was filed, and it would be filed again. That a file is not there says nothing while
its folder is not itself; so that is asked before and after looking, as scans do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection

from daemon.errors import ResultsTrouble
from daemon.filing.destinations import Destinations
from daemon.ledger import Entry, Ledger, State
from daemon.log.events import Event, Log
from daemon.photo import Photo
from daemon.shelf.quarantine import forget_report

_DAY_S = 86_400.0
_PORTION = 500
_REST_S = 0.5
"""Between two portions, so that photos come first."""


class Retention:
    """Looks through the whole ledger once a day."""

    def __init__(
        self,
        ledger: Ledger,
        destinations: Destinations,
        absent: Callable[[str], str | None],
        log: Log,
    ) -> None:
        """Nothing is forgotten before ``turn``.

        Args:
            ledger: which forgets.
            destinations: the folders that are worked for.
            absent: why a folder is not itself at the moment; None if it is.
            log: for how many were forgotten.
        """
        self._ledger = ledger
        self._absent = absent
        self._destinations = destinations
        self._log = log
        self._at_s = 0.0
        self._after_id = 0
        self._forgotten = 0

    def turn(self, keep_days: int | None, *, away: Collection[str] = ()) -> None:
        """Look through the next portion, if it is time.

        Args:
            keep_days: for how long all is kept; None: for ever.
            away: folders of which nothing can be seen at the moment.

        Raises:
            LedgerTrouble: the ledger cannot be written.
        """
        if keep_days is None or time.monotonic() < self._at_s:
            return
        before_s = time.time() - keep_days * _DAY_S
        found = self._ledger.ended_before(before_s, after_id=self._after_id, limit=_PORTION)
        old = [entry.photo.id for entry in self._gone(found, away) if self._is_reportless(entry)]
        told = self._ledger.forget(old, before_s=before_s, limit=_PORTION)
        self._forgotten += len(old)
        if len(found) == _PORTION or told == _PORTION:
            self._after_id = found[-1].photo.id if found else self._after_id
            self._at_s = time.monotonic() + _REST_S
            return
        if self._forgotten:
            facts = {"photos": self._forgotten, "keep_days": keep_days}
            self._log.info(Event.LEDGER_FORGOT, **facts)
        self._after_id, self._forgotten = 0, 0
        self._at_s = time.monotonic() + _DAY_S

    def _gone(self, entries: Collection[Entry], away: Collection[str]) -> list[Entry]:
        """Those whose originals are not in their folders, which are there."""
        folders = {entry.photo.folder for entry in entries}
        there = {folder for folder in folders.difference(away) if self._is_there(folder)}
        gone = [one for one in entries if one.photo.folder in there and not _lies(one.photo)]
        there = {folder for folder in there if self._is_there(folder)}
        return [one for one in gone if one.photo.folder in there]

    def _is_there(self, folder: str) -> bool:
        destination = self._destinations.of_folder(folder)
        if destination is None or self._absent(folder) is not None:
            return False
        return destination.marker is None or os.path.lexists(destination.marker)

    def _is_reportless(self, entry: Entry) -> bool:
        """Whether there is no report on it any more; never while its original lies beside that."""
        destination = self._destinations.of_folder(entry.photo.folder)
        if entry.state is not State.FAILED or destination is None:
            return destination is not None
        try:
            return forget_report(destination.results, entry.photo)
        except ResultsTrouble:
            return False


def _lies(photo: Photo) -> bool:
    return os.path.lexists(os.path.join(os.fsencode(photo.folder), photo.path))
