"""What ``policy`` has to know about a photo that failed, gathered; and what it says to that."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.errors import EngineFailed, MattedError, NameTrouble, NotReady, PlanBroken
from daemon.filing import policy
from daemon.filing.destinations import Destinations
from daemon.filing.disks import Disks
from daemon.filing.engine_access import EngineAccess
from daemon.filing.facts import tell_stumbled
from daemon.filing.memory import Memory
from daemon.filing.policy import Decision
from daemon.ledger import Ledger
from daemon.log.events import Log
from daemon.photo import Photo


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done."""

    error: Exception
    """What is at fault; not always what was raised, if that had to do with results."""
    decision: Decision
    limits: policy.Patience
    """How patient to be with the photo."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Where what ``policy`` has to know comes from."""

    engine: EngineAccess
    disks: Disks
    destinations: Destinations
    memory: Memory
    ledger: Ledger
    log: Log

    def on(self, photo: Photo, error: Exception, *, waited: bool = True) -> Verdict:
        """Decide about a photo, and count what has to be counted.

        Args:
            photo: the photo.
            error: what went wrong.
            waited: whether its attempt was the last look at it.
        """
        if not isinstance(error, MattedError):
            tell_stumbled(self.log, photo, error)
        at_fault = self._judged(photo, error)
        if isinstance(at_fault, NameTrouble | PlanBroken):
            self.memory.troubles.misplace(photo.id)
        limits = self.destinations.limits(photo.folder)
        decision = policy.decide(at_fault, self._facts(photo, at_fault, waited=waited), limits)
        if isinstance(error, NotReady):
            self.ledger.watched(photo.id, self.memory.watched.of(photo))
            self.memory.watched.noted(photo)
        return Verdict(at_fault, decision, limits)

    def _facts(self, photo: Photo, error: Exception, *, waited: bool) -> policy.Facts:
        return policy.Facts(
            attempts=photo.attempts,
            tries=photo.tries,
            unchanged_s=self.memory.watched.of(photo),
            waited=waited,
            blamed=self._is_blamed(photo, error),
            misplaced=self.memory.troubles.misplaced(photo.id),
            aside=self.memory.troubles.is_aside(photo.id),
        )

    def _judged(self, photo: Photo, error: Exception) -> Exception:
        destination = self.destinations.find(photo)
        if destination is None or not isinstance(error, MattedError):
            return error
        return self.disks.judge(error, destination)

    def _is_blamed(self, photo: Photo, error: Exception) -> bool:
        if isinstance(error, EngineFailed):
            return self.engine.blames(error.engine_pid, str(photo.id))
        return True
