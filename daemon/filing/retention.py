"""Forget, in portions and beside the work, what the settings want kept for so long only.

A photo is forgotten only if its original is not in the watched folder any more: the ledger is what
knows that it was filed, and it would be filed again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path

from daemon.errors import ResultsTrouble
from daemon.filing.destinations import Destinations
from daemon.ledger import Entry, Ledger, State
from daemon.log.events import Event, Log
from daemon.shelf.quarantine import forget_report

_DAY_S = 86_400.0
_PORTION = 500
_REST_S = 0.5
"""Between two portions, so that photos come first."""


class Retention:
    """Looks through the whole ledger once a day."""

    def __init__(self, ledger: Ledger, destinations: Destinations, log: Log) -> None:
        self._ledger = ledger
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
        old = [entry.photo.id for entry in found if self._may_go(entry, away)]
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

    def _may_go(self, entry: Entry, away: Collection[str]) -> bool:
        photo = entry.photo
        destination = self._destinations.find(photo)
        if destination is None or photo.folder in away:
            return False
        if os.path.lexists(os.path.join(os.fsencode(photo.folder), photo.path)):
            return False
        return entry.state is not State.FAILED or self._is_report_gone(entry, destination.results)

    def _is_report_gone(self, entry: Entry, results: Path) -> bool:
        """Remove the report on a photo that was given up; not while its original lies there."""
        try:
            return forget_report(results, entry.photo)
        except ResultsTrouble:
            return False
