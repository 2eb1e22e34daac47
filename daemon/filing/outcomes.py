"""What ``policy`` decided about a photo that is at work, carried out."""

from __future__ import annotations

import time

from daemon.filing import policy
from daemon.filing.destinations import Destinations
from daemon.filing.facts import photo_facts
from daemon.filing.naming import Naming
from daemon.filing.pausing import Pausing
from daemon.filing.policy import Aside, Decision, Quarantine, Retry
from daemon.filing.quarantining import Quarantining
from daemon.filing.troubles import Troubles
from daemon.ledger import Ledger, State
from daemon.log.events import Event, Log
from daemon.photo import Photo


class Outcomes:
    """Has photos try again, pause, get other names, or go to quarantine."""

    def __init__(
        self,
        ledger: Ledger,
        destinations: Destinations,
        naming: Naming,
        quarantining: Quarantining,
        pausing: Pausing,
        troubles: Troubles,
        log: Log,
    ) -> None:
        self._ledger = ledger
        self._destinations = destinations
        self._naming = naming
        self._quarantining = quarantining
        self._pausing = pausing
        self._troubles = troubles
        self._log = log

    def carry_out(self, photo: Photo, decision: Decision) -> None:
        """Do what was decided.

        Raises:
            LedgerTrouble: the ledger cannot be written.
            ResultsTrouble: other names cannot be chosen, since the result folder cannot be read.
        """
        match decision:
            case Retry(after_s, charged, reason):
                self.retry(photo, after_s, reason, charged=charged)
            case policy.Pause(reason):
                self._ledger.give_back(photo.id, now_s=time.time())
                self.pause(reason)
            case Aside(reason):
                self._naming.named_anew(photo, self._destinations[photo], aside=True)
                self.put_aside(photo, reason)
                self.retry(photo, 0.0, reason, charged=False)
            case Quarantine(reason):
                self._quarantining.quarantine(photo, reason)

    def pause(self, reason: str) -> None:
        """Begin no photo until the disks are in order."""
        self._pausing.begin(reason)

    def put_aside(self, photo: Photo, reason: str) -> None:
        """Note that a photo has got other names than its profile wants."""
        self._troubles.put_aside(photo.id)
        self._log.warning(Event.PHOTO_RENAMED, **photo_facts(photo), reason=reason)

    def retry(self, photo: Photo, after_s: float, reason: str, *, charged: bool) -> None:
        """Put a photo back into the queue."""
        now_s = time.time()
        state = self._ledger.retry(photo.id, now_s + after_s, reason, free=not charged, now_s=now_s)
        event = Event.PHOTO_GONE if state is State.GONE else Event.PHOTO_RETRIED
        self._log.info(event, **photo_facts(photo), reason=reason, after_s=round(after_s, 1))
        self._pausing.discard_staged(photo)
