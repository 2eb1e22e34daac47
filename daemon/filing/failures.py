"""What is done when something goes wrong: with one photo, or with a disk that all of them need.

This is the per-photo boundary. Whatever is raised while one photo is at work or filed ends here and
is that photo's affair; so does an error while an error is dealt with. Only the ledger's failing
goes on to the main loop, which waits for the ledger.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from daemon.errors import LedgerTrouble, MattedError, NameTrouble, NotReady, ResultsTrouble
from daemon.filing import policy
from daemon.filing.disks import Disks, PauseClock
from daemon.filing.policy import Aside, Decision, Quarantine, Retry
from daemon.filing.postponed import Postponed
from daemon.filing.publishing import Destination, Publishing, photo_facts
from daemon.filing.verdicts import EngineAccess, Verdict, Verdicts
from daemon.filing.watched import Watched
from daemon.ledger import Ledger, State
from daemon.ledger.rows import Planned
from daemon.log.events import Event, Log
from daemon.photo import Filed, Photo
from daemon.plan import Plan
from daemon.shelf import staging
from daemon.shelf.publish import withdraw


class Failures:
    """Decides by ``policy``, and carries it out."""

    def __init__(
        self,
        ledger: Ledger,
        engine: EngineAccess,
        disks: Disks,
        publishing: Publishing,
        watched: Watched,
        log: Log,
    ) -> None:
        self.pause = PauseClock()
        self.later = Postponed()
        self.stuck: dict[int, str] = {}
        """Photos of which half the results can be neither completed nor taken back, and why."""
        self._ledger = ledger
        self._engine = engine
        self._disks = disks
        self._publishing = publishing
        self._watched = watched
        self._verdicts = Verdicts(engine, disks, publishing, watched)
        self._log = log
        self._given_up: dict[int, tuple[Photo, str]] = {}
        """Photos whose quarantine a pause cut short, and the reasons for it."""
        self._unreported = Counter[int]()

    def guarded(self, photo: Photo, act: Callable[[], object]) -> None:
        """Do something about one photo; whatever is wrong with it is decided here.

        Raises:
            LedgerTrouble: the ledger cannot be read or written; nothing else, ever.
        """
        try:
            act()
        except LedgerTrouble:
            raise
        except Exception as error:  # noqa: BLE001 - the per-photo boundary
            self.fail(photo, error)

    def fail(self, photo: Photo, error: Exception, *, waited: bool = True) -> None:
        """Decide about a photo that is at work, and do it.

        Args:
            photo: the photo.
            error: what went wrong.
            waited: whether its attempt was the last look at it.

        Raises:
            LedgerTrouble: as above.
        """
        try:
            self._fail(photo, error, waited=waited)
        except LedgerTrouble:
            raise
        except Exception as again:  # noqa: BLE001 - an error in dealing with an error
            self._set_back(photo, again)

    def _fail(self, photo: Photo, error: Exception, *, waited: bool) -> None:
        entry = self._ledger.entry(photo.id)
        match entry.state if entry else None:
            case State.WORKING:
                verdict = self._verdict(photo, error, waited=waited)
                self._carry_out(photo, verdict.decision)
            case State.PUBLISHING:
                self._unpublished(photo, error)
            case _:  # it has come to its end: what stumbled came after, and only has to be told
                self._stumbled(photo, error)

    def publish(self, photo: Photo, plan: Plan, filed: Filed) -> None:
        """Give results their names; what hinders that keeps the plan, until it is taken back."""
        try:
            self._publishing.publish(photo, plan, filed)
        except LedgerTrouble:
            raise
        except Exception as error:  # noqa: BLE001 - the per-photo boundary
            self._unpublished(photo, error)
        else:
            self._forget(photo)

    def publish_planned(self) -> None:
        """Carry out the plans that a crash, a pause or an interrupt cut short."""
        for one in self._ledger.recover().publishing:
            if one.photo.id not in self.later:
                self._log.info(Event.PHOTO_RECOVERED, **photo_facts(one.photo))
                self.guarded(one.photo, partial(self.publish, one.photo, one.plan, one.filed))

    def resume(self) -> None:
        """Finish what a pause cut short; if the ledger fails, it is all done again."""
        self.later.clear()
        self.publish_planned()
        for photo, reason in tuple(self._given_up.values()):
            self.guarded(photo, partial(self.quarantine, photo, reason))
        self._publishing.tidy_left()

    def quarantine(self, photo: Photo, reason: str) -> None:
        """Give a photo up, with a report."""
        report = {
            "reason": reason,
            "attempts": photo.attempts,
            "first_seen": time.strftime("%FT%T%z", time.localtime(photo.first_seen_s)),
            "given_up": time.strftime("%FT%T%z"),
            "engine": self._engine.address().name,
            "engine_said": self._engine.last_words(),
        }
        self._given_up[photo.id] = photo, reason  # should the ledger fail in here
        try:
            left = self._publishing.quarantine(photo, report)
        except LedgerTrouble:
            raise
        except Exception as error:  # noqa: BLE001 - a report must not stop what is reported
            if self._is_reported_later(photo, reason, error):
                return
            reason, left = f"{reason}; there is no report: {error}", True
        self._ledger.failed(photo.id, reason, dispose=left, now_s=time.time())
        self._forget(photo)
        self._log.warning(Event.PHOTO_QUARANTINED, **photo_facts(photo), reason=reason)
        self._discard(photo)

    def do_or_pause(self, destination: Destination, act: Callable[[], object]) -> None:
        """Do something that is nobody's photo in particular and that the disk must allow."""
        try:
            act()
        except ResultsTrouble as error:
            judged = self._disks.judge(error, destination)
            if isinstance(judged, ResultsTrouble):
                self.begin_pause(judged.reason)
            else:
                self._log.warning(Event.STAGING_LEFT, reason=error.reason)
        except LedgerTrouble:
            raise
        except Exception as error:  # noqa: BLE001 - tidying up must not stop what is tidied up after
            self._log.error(Event.STAGING_LEFT, reason=str(error), exc_info=error)

    def begin_pause(self, reason: str) -> None:
        """Begin nothing until ``end_pause`` finds the disks in order."""
        if self.pause.begin(reason):
            self._log.error(Event.SERVICE_PAUSED, reason=reason)

    def end_pause(self, destinations: Iterable[Destination]) -> bool:
        """Go on, if every disk is there again and takes files; whether it is so."""
        try:
            self._disks.try_out(destinations)
        except ResultsTrouble as error:
            self.begin_pause(error.reason)
            return False
        self.pause.end()
        self._log.info(Event.SERVICE_RESUMED)
        return True

    @property
    def _destinations(self) -> Mapping[str, Destination]:
        return self._publishing.destinations

    def _verdict(self, photo: Photo, error: Exception, *, waited: bool = True) -> Verdict:
        if not isinstance(error, MattedError):
            self._stumbled(photo, error)
        verdict = self._verdicts.on(photo, error, waited=waited)
        if isinstance(error, NotReady):
            self._ledger.watched(photo.id, self._watched.of(photo))
            self._watched.noted(photo)
        return verdict

    def _stumbled(self, photo: Photo, error: Exception) -> None:
        self._log.error(
            Event.PHOTO_STUMBLED, **photo_facts(photo), reason=str(error), exc_info=error
        )

    # Carrying it out

    def _carry_out(self, photo: Photo, decision: Decision) -> None:
        match decision:
            case Retry(after_s, charged, reason):
                self._retry(photo, after_s, reason, charged=charged)
            case policy.Pause(_, reason):
                self._ledger.give_back(photo.id, now_s=time.time())
                self.begin_pause(reason)
            case Aside(reason):
                where = self._destinations[photo.folder]
                self._publishing.named(photo, where, anew=True, aside=True)
                self._put_aside(photo, reason)
                self._retry(photo, 0.0, reason, charged=False)
            case Quarantine(reason):
                self.quarantine(photo, reason)

    def _put_aside(self, photo: Photo, reason: str) -> None:
        self._verdicts.put_aside(photo.id)
        self._log.warning(Event.PHOTO_RENAMED, **photo_facts(photo), reason=reason)

    def _retry(self, photo: Photo, after_s: float, reason: str, *, charged: bool) -> None:
        now_s = time.time()
        state = self._ledger.retry(photo.id, now_s + after_s, reason, free=not charged, now_s=now_s)
        event = Event.PHOTO_GONE if state is State.GONE else Event.PHOTO_RETRIED
        self._log.info(event, **photo_facts(photo), reason=reason, after_s=round(after_s, 1))
        self._discard(photo)

    def _discard(self, photo: Photo) -> None:
        if destination := self._destinations.get(photo.folder):
            act = partial(staging.discard, destination.results, photo.id)
            self.do_or_pause(destination, act)

    def _forget(self, photo: Photo) -> None:
        """It has come to its end."""
        self._given_up.pop(photo.id, None)
        self._watched.forget(photo)
        self.stuck.pop(photo.id, None)
        self._verdicts.forget(photo.id)
        self.later.drop(photo.id)
        del self._unreported[photo.id]

    def _set_back(self, photo: Photo, error: Exception) -> None:
        """The last resort: once more, much later; free of charge only if we know why."""
        free = isinstance(error, MattedError)
        if not free:
            self._stumbled(photo, error)
        wait_s = self._verdicts.limits(photo).longest_wait_s
        entry = self._ledger.entry(photo.id)
        if entry is not None and entry.state is State.WORKING:
            self._retry(photo, wait_s, str(error), charged=not free)
        elif entry is not None and entry.state is State.PUBLISHING:
            self._publish_later(photo, wait_s, str(error))

    # Results that did not get their names

    def _unpublished(self, photo: Photo, error: Exception) -> None:
        one = self._planned(photo)  # names may have changed since
        if one is None:
            self._stumbled(photo, error)  # after it was filed, so that it only has to be told
            return
        verdict = self._verdict(one.photo, error)
        match verdict.decision:
            case policy.Pause(_, reason):
                self.begin_pause(reason)
            case Retry(after_s, _, reason) if isinstance(verdict.error, NameTrouble):
                self._publish_later(one.photo, after_s, reason)
            case decision:
                self._undo(one, decision)

    def _undo(self, one: Planned, decision: Decision) -> None:
        """Take back what is published, since half a set is worse than none; then decide anew."""
        try:
            withdraw(one.plan)
        except ResultsTrouble as error:
            # Nothing can be done: what lies there is ours, and must neither stay nor be forgotten.
            self.stuck[one.photo.id] = error.reason
            wait_s = self._verdicts.limits(one.photo).longest_wait_s
            self._publish_later(one.photo, wait_s, error.reason)
            return
        if not isinstance(decision, Aside):
            self._carry_out(one.photo, decision)
            return
        photo, plan = self._publishing.renamed(one.photo, one.plan, one.filed, aside=True)
        self._put_aside(photo, decision.reason)
        self.publish(photo, plan, one.filed)

    def _publish_later(self, photo: Photo, after_s: float, reason: str) -> None:
        facts = {"reason": reason, "after_s": round(after_s, 1)}
        self._log.info(Event.PHOTO_RETRIED, **photo_facts(photo), **facts)
        act = partial(self.guarded, photo, partial(self._publish_again, photo))
        self.later.put(photo.id, act, after_s=after_s)

    def _publish_again(self, photo: Photo) -> None:
        if one := self._planned(photo):
            self.publish(one.photo, one.plan, one.filed)

    def _planned(self, photo: Photo) -> Planned | None:
        left = self._ledger.recover().publishing
        return next((one for one in left if one.photo.id == photo.id), None)

    # Reports that could not be written

    def _is_reported_later(self, photo: Photo, reason: str, error: Exception) -> bool:
        """Whether there is hope for a report: the disk will be back, or it is tried once more."""
        judged = self._verdict(photo, error).error
        if isinstance(judged, ResultsTrouble):
            # Without its report the quarantine did not happen, and it keeps its state: given back,
            # it would be worked on again, and an original that waits for its file there would be
            # taken for gone.
            self.begin_pause(judged.reason)
            return True
        self._unreported[photo.id] += 1
        limits = self._verdicts.limits(photo)
        tried = self._unreported[photo.id]
        if tried > limits.attempts:
            return False
        act = partial(self.guarded, photo, partial(self.quarantine, photo, reason))
        wait_s = min(limits.first_wait_s * 2**tried, limits.longest_wait_s)
        self.later.put(photo.id, act, after_s=wait_s)
        return True
