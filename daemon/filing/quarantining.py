"""Giving a photo up, with a report; one that cannot be written is tried later, or done without."""

from __future__ import annotations

import time
from functools import partial

from daemon.errors import LedgerTrouble, ResultsTrouble
from daemon.filing import documents
from daemon.filing.destinations import Destinations
from daemon.filing.engine_access import EngineAccess
from daemon.filing.facts import photo_facts
from daemon.filing.memory import Memory
from daemon.filing.pausing import Pausing
from daemon.filing.reports import write_report
from daemon.filing.verdicts import Verdicts
from daemon.ledger import Ledger
from daemon.log.events import Event, Log
from daemon.photo import Photo
from daemon.shelf.quarantine import given_up


class Quarantining:
    """Writes reports, and ends photos with them."""

    def __init__(
        self,
        ledger: Ledger,
        engine: EngineAccess,
        destinations: Destinations,
        verdicts: Verdicts,
        pausing: Pausing,
        memory: Memory,
        log: Log,
    ) -> None:
        """No photo is given up yet.

        Args:
            ledger: is told of the end.
            engine: what it said last stands in the report.
            destinations: where reports go.
            verdicts: on what hinders a report.
            pausing: where the disk does.
            memory: of which quarantines are not done, and of reports that are tried once more.
            log: for quarantined photos.
        """
        self._ledger = ledger
        self._engine = engine
        self._destinations = destinations
        self._verdicts = verdicts
        self._pausing = pausing
        self._memory = memory
        self._log = log

    def given_up(self, photo: Photo) -> str | None:
        """Why the photo was given up before a crash; None if it was not."""
        destination = self._destinations.find(photo)
        return given_up(destination.results, photo) if destination else None

    def quarantine(self, photo: Photo, reason: str) -> None:
        """Give a photo up, with a report.

        Raises:
            LedgerTrouble: the ledger cannot be written; to be called again.
        """
        self._memory.troubles.give_up(photo, reason)  # should the ledger fail in here
        destination = self._destinations.find(photo)
        try:
            follows = not write_report(photo, destination, self._report(photo, reason), self._log)
        except LedgerTrouble:
            raise
        except Exception as error:  # noqa: BLE001 - a report must not stop what is reported
            if self._is_reported_later(photo, reason, error):
                return
            reason, follows = f"{reason}; there is no report: {error}", True
        now_s = time.time()
        told = documents.quarantined(photo, reason, now_s=now_s)
        self._ledger.failed(photo.id, reason, dispose=follows, now_s=now_s, told=told)
        self._memory.forget(photo)
        self._log.warning(Event.PHOTO_QUARANTINED, **photo_facts(photo), reason=reason)
        self._pausing.discard_staged(photo)

    def _report(self, photo: Photo, reason: str) -> dict[str, object]:
        return {
            "reason": reason,
            "attempts": photo.attempts,
            "first_seen": time.strftime("%FT%T%z", time.localtime(photo.first_seen_s)),
            "given_up": time.strftime("%FT%T%z"),
            "engine": self._engine.address().name,
            "engine_said": self._engine.last_words(),
        }

    def _is_reported_later(self, photo: Photo, reason: str, error: Exception) -> bool:
        """Whether there is hope for a report: the disk will be back, or it is tried once more."""
        judged = self._verdicts.on(photo, error).error
        if isinstance(judged, ResultsTrouble):
            # Without its report the quarantine did not happen, and it keeps its state: given back,
            # it would be worked on again, and an original that waits for its file there would be
            # taken for gone.
            self._pausing.begin(judged.reason)
            return True
        limits = self._destinations.limits(photo.folder)
        tried = self._memory.troubles.count_unreported(photo.id)
        if tried > limits.attempts:
            return False
        act = partial(self.quarantine, photo, reason)
        self._memory.postponed.put(photo, act, after_s=limits.waits.after(tried + 1))
        return True
