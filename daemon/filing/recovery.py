"""What was cut short is taken up again: by the last run's end, or by a pause."""

from __future__ import annotations

import time
from functools import partial

from daemon.errors import WorkerDied
from daemon.filing.facts import photo_facts
from daemon.filing.failures import Failures
from daemon.filing.memory import Memory
from daemon.filing.pausing import Pausing
from daemon.filing.publishing import Publishing
from daemon.filing.quarantining import Quarantining
from daemon.filing.suspects import Suspects
from daemon.ledger import Ledger
from daemon.log.events import Event, Log
from daemon.photo import Photo
from daemon.shelf import staging


class Recovery:
    """Knows what has to be done before new photos are begun."""

    def __init__(
        self,
        ledger: Ledger,
        failures: Failures,
        quarantining: Quarantining,
        publishing: Publishing,
        pausing: Pausing,
        memory: Memory,
        log: Log,
    ) -> None:
        self._ledger = ledger
        self._failures = failures
        self._quarantining = quarantining
        self._publishing = publishing
        self._pausing = pausing
        self._memory = memory
        self._log = log

    def recover(self, suspects: Suspects | None) -> None:
        """Take up what the last run left undone.

        Args:
            suspects: get the photos of which one may have ended it; None: none can have, as they
                were at work on other machines.
        """
        self._pausing.demand_all()
        left = self._ledger.recover()
        planned = {one.photo.id for one in left.publishing}
        self._pausing.do_everywhere(lambda one: staging.sweep(one.results, keep=planned))
        alone = len(left.working) == 1 and suspects is not None
        for photo in left.working:
            self._log.info(Event.PHOTO_RECOVERED, **photo_facts(photo))
            act = partial(self._recover_one, photo, alone=alone, suspects=suspects)
            self._failures.guarded(photo, act)
        self._failures.publish_planned()

    def _recover_one(self, photo: Photo, *, alone: bool, suspects: Suspects | None) -> None:
        if reason := self._quarantining.given_up(photo):
            self._quarantining.quarantine(photo, reason)
        elif alone:
            told = "the daemon ended while it was at work on this photo"
            self._failures.fail(photo, WorkerDied(told))
        else:
            self._ledger.give_back(photo.id, now_s=time.time())
            if suspects is not None:
                suspects.add(photo.id)

    def resume(self) -> None:
        """Finish what a pause cut short; if the ledger fails, it is all done again."""
        self._memory.postponed.clear()
        self._failures.publish_planned()
        for photo, reason in self._memory.troubles.given_up():
            act = partial(self._quarantining.quarantine, photo, reason)
            self._failures.guarded(photo, act)
        self._publishing.tidy_left()
