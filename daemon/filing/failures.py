"""The per-photo boundary: what goes wrong with one photo is that photo's affair alone.

Whatever is raised while one photo is at work or filed ends here; so does an error while an error is
dealt with. Only the ledger's failing goes on to the main loop, which waits for the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from daemon.errors import LedgerTrouble, MattedError
from daemon.filing.destinations import Destinations
from daemon.filing.facts import photo_facts, tell_stumbled
from daemon.filing.outcomes import Outcomes
from daemon.filing.planned import PlannedPublishing
from daemon.filing.verdicts import Verdicts
from daemon.ledger import Ledger, State
from daemon.log.events import Event, Log
from daemon.photo import Photo


class Failures:
    """Has it decided by ``policy`` what becomes of a photo that failed, and carried out."""

    def __init__(
        self,
        ledger: Ledger,
        destinations: Destinations,
        verdicts: Verdicts,
        outcomes: Outcomes,
        planned: PlannedPublishing,
        log: Log,
    ) -> None:
        self._ledger = ledger
        self._destinations = destinations
        self._verdicts = verdicts
        self._outcomes = outcomes
        self._planned = planned
        self._log = log

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
            self._try_much_later(photo, again)

    def publish_planned(self) -> None:
        """Carry out the plans that a crash, a pause or an interrupt cut short."""
        for one in self._planned.left():
            self._log.info(Event.PHOTO_RECOVERED, **photo_facts(one.photo))
            act = partial(self._planned.publish, one.photo, one.plan, one.filed)
            self.guarded(one.photo, act)

    def _fail(self, photo: Photo, error: Exception, *, waited: bool) -> None:
        entry = self._ledger.entry(photo.id)
        match entry.state if entry else None:
            case State.WORKING:
                verdict = self._verdicts.on(photo, error, waited=waited)
                self._outcomes.carry_out(photo, verdict.decision)
            case State.PUBLISHING:
                self._planned.fail(photo, error)
            case _:  # it has come to its end: what stumbled came after, and only has to be told
                tell_stumbled(self._log, photo, error)

    def _try_much_later(self, photo: Photo, error: Exception) -> None:
        """The last resort; free of charge only if we know why."""
        free = isinstance(error, MattedError)
        if not free:
            tell_stumbled(self._log, photo, error)
        wait_s = self._destinations.limits(photo.folder).longest_wait_s
        entry = self._ledger.entry(photo.id)
        if entry is not None and entry.state is State.WORKING:
            self._outcomes.retry(photo, wait_s, str(error), charged=not free)
        elif entry is not None and entry.state is State.PUBLISHING:
            self._planned.postpone(photo, wait_s, str(error))
