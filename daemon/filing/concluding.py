"""What becomes of a photo that a photo process is done with."""

from __future__ import annotations

import contextlib
import os
import time

from daemon.filing.destinations import Destinations
from daemon.filing.failures import Failures
from daemon.filing.memory import Memory
from daemon.filing.planned import PlannedPublishing
from daemon.filing.publishing import Publishing
from daemon.ledger import Ledger, State
from daemon.photo import Photo
from daemon.work.finished import Finished
from daemon.work.job import Job, Outcome, Staged, Unchanged


class Concluding:
    """Files what is staged; has decided what becomes of a photo that is not."""

    def __init__(
        self,
        ledger: Ledger,
        destinations: Destinations,
        publishing: Publishing,
        planned: PlannedPublishing,
        failures: Failures,
        memory: Memory,
    ) -> None:
        self._ledger = ledger
        self._destinations = destinations
        self._publishing = publishing
        self._planned = planned
        self._failures = failures
        self._memory = memory

    def conclude(self, ended: Finished[Job, Outcome]) -> None:
        """Deal with what a photo process answered; may be repeated if the ledger failed.

        Raises:
            LedgerTrouble: the ledger cannot be read or written.
        """
        photo = ended.job.photo
        with contextlib.suppress(OSError):  # a photo process that was killed leaves its copy
            os.unlink(ended.job.snapshot)
        entry = self._ledger.entry(photo.id)
        if entry is None or entry.state is not State.WORKING:
            # The ledger failed half way through this, and has the last word now: a plan may have
            # got other names since, and of what is filed the original may be deleted.
            self._failures.publish_planned()
            return
        if isinstance(ended.outcome, Staged | Unchanged):
            self._memory.watched.forget(photo)
        match ended.outcome:
            case Staged(_, filed) if self._is_duplicate(photo, filed.sha256):
                self._publishing.unchanged(photo, filed.sha256)
            case Staged(plan, filed):
                photo, plan = self._publishing.named(entry.photo, plan, filed)
                self._ledger.plan(photo.id, plan.moves, filed, now_s=time.time())
                self._planned.publish(photo, plan, filed)
            case Unchanged(sha256):
                self._publishing.unchanged(photo, sha256)
            case error:
                self._failures.fail(photo, error, waited=ended.job.waited)

    def _is_duplicate(self, photo: Photo, sha256: str) -> bool:
        """Whether another photo of the same content was filed while this one was at work."""
        destination = self._destinations.find(photo)
        if destination is None or destination.duplicates:
            return False
        return self._ledger.filed_as(photo.folder, sha256) not in {None, photo.path}
