"""Publishing what is planned, and what is done when results do not get their names."""

from __future__ import annotations

from functools import partial

from daemon.errors import LedgerTrouble, NameTrouble, ResultsTrouble
from daemon.filed import Filed
from daemon.filing import policy
from daemon.filing.facts import photo_facts, tell_stumbled
from daemon.filing.memory import Memory
from daemon.filing.outcomes import Outcomes
from daemon.filing.policy import Aside, Retry
from daemon.filing.publishing import Publishing
from daemon.filing.verdicts import Verdict, Verdicts
from daemon.ledger import Ledger
from daemon.ledger.rows import Planned
from daemon.log.events import Event, Log
from daemon.photo import Photo
from daemon.plan import Plan
from daemon.shelf.publish import withdraw


class PlannedPublishing:
    """Has plans carried out until they are, or are taken back."""

    def __init__(
        self,
        ledger: Ledger,
        publishing: Publishing,
        verdicts: Verdicts,
        outcomes: Outcomes,
        memory: Memory,
        log: Log,
    ) -> None:
        self._ledger = ledger
        self._publishing = publishing
        self._verdicts = verdicts
        self._outcomes = outcomes
        self._memory = memory
        self._log = log

    def left(self) -> tuple[Planned, ...]:
        """Plans that a crash, a pause or an interrupt cut short, and that are not postponed."""
        planned = self._ledger.recover().publishing
        return tuple(one for one in planned if one.photo.id not in self._memory.postponed)

    def publish(self, photo: Photo, plan: Plan, filed: Filed) -> None:
        """Give results their names; what hinders that keeps the plan, until it is taken back.

        Raises:
            LedgerTrouble: the ledger cannot be read or written.
        """
        try:
            self._publishing.publish(photo, plan, filed)
        except LedgerTrouble:
            raise
        except Exception as error:  # noqa: BLE001 - the per-photo boundary
            self.fail(photo, error)
        else:
            self._memory.forget(photo)

    def fail(self, photo: Photo, error: Exception) -> None:
        """Decide about a photo whose results did not get their names, and do it."""
        one = self._planned(photo)  # names may have changed since
        if one is None:
            tell_stumbled(self._log, photo, error)  # it is filed, and only has to be told
            return
        verdict = self._verdicts.on(one.photo, error)
        match verdict.decision:
            case policy.Pause(reason):
                self._outcomes.pause(reason)
            case Retry(after_s, _, reason) if isinstance(verdict.error, NameTrouble):
                self.postpone(one.photo, after_s, reason)
            case _:
                self._take_back(one, verdict)

    def postpone(self, photo: Photo, after_s: float, reason: str) -> None:
        """Publish later; the plan stays."""
        facts = {"reason": reason, "after_s": round(after_s, 1)}
        self._log.info(Event.PHOTO_RETRIED, **photo_facts(photo), **facts)
        self._memory.postponed.put(photo, partial(self._publish_again, photo), after_s=after_s)

    def _take_back(self, one: Planned, verdict: Verdict) -> None:
        """Take back what is published, since half a set is worse than none; then decide anew."""
        try:
            withdraw(one.plan)
        except ResultsTrouble as error:
            # Nothing can be done: what lies there is ours, and must neither stay nor be forgotten.
            self._memory.troubles.stick(one.photo.id, error.reason)
            self.postpone(one.photo, verdict.limits.longest_wait_s, error.reason)
            return
        if not isinstance(verdict.decision, Aside):
            self._outcomes.carry_out(one.photo, verdict.decision)
            return
        photo, plan = self._publishing.renamed(one.photo, one.plan, one.filed, aside=True)
        self._outcomes.put_aside(photo, verdict.decision.reason)
        self.publish(photo, plan, one.filed)

    def _publish_again(self, photo: Photo) -> None:
        if one := self._planned(photo):
            self.publish(one.photo, one.plan, one.filed)

    def _planned(self, photo: Photo) -> Planned | None:
        left = self._ledger.recover().publishing
        return next((one for one in left if one.photo.id == photo.id), None)
