"""A pause of everything, because a disk is away or full or the settings name what is not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from daemon.errors import LedgerTrouble, ResultsTrouble
from daemon.filing.destinations import Destination, Destinations
from daemon.filing.disks import Disks
from daemon.log.events import Event, Log
from daemon.photo import Photo
from daemon.shelf import staging
from matting.backoff import Backoff, Waits

WAITS = Waits(first_s=5.0, longest_s=60.0)
"""Between looks whether the disks are in order again."""


class Pausing:
    """Begins a pause, and ends it when every disk takes files again."""

    def __init__(
        self, disks: Disks, destinations: Destinations, log: Log, *, waits: Waits = WAITS
    ) -> None:
        """Prepare; nothing is paused.

        Args:
            disks: are tried out before a pause ends.
            destinations: whose disks those are.
            log: for pauses, and for what they would not help.
            waits: between two tries.
        """
        self._disks = disks
        self._destinations = destinations
        self._log = log
        self._backoff = Backoff(waits)
        self._reason: str | None = None
        self._probe_at_s = 0.0

    @property
    def reason(self) -> str | None:
        """Why nothing is begun; None while there is no pause."""
        return self._reason

    @property
    def probe_at_s(self) -> float:
        """When to see whether it can end, on the monotonic clock."""
        return self._probe_at_s

    @property
    def is_due(self) -> bool:
        """Whether it is time to see."""
        return self._reason is not None and time.monotonic() >= self._probe_at_s

    def begin(self, reason: str) -> None:
        """Begin nothing until ``try_to_end`` succeeds; again: see less often."""
        if self._reason is None:
            self._log.error(Event.SERVICE_PAUSED, reason=reason)
            self._backoff.reset()
        self._reason = reason
        self._probe_at_s = time.monotonic() + self._backoff.next()

    def try_to_end(self) -> bool:
        """Go on, if every disk is there again and takes files; whether it is so."""
        try:
            self._disks.try_out(self._destinations)
        except ResultsTrouble as error:
            self.begin(error.reason)
            return False
        self._reason = None
        self._log.info(Event.SERVICE_RESUMED)
        return True

    def do_or_pause(self, destination: Destination, act: Callable[[], object]) -> None:
        """Do something that is nobody's photo in particular and that the disk must allow.

        Raises:
            LedgerTrouble: the ledger cannot be read or written; nothing else.
        """
        try:
            act()
        except ResultsTrouble as error:
            judged = self._disks.judge(error, destination)
            if isinstance(judged, ResultsTrouble):
                self.begin(judged.reason)
            else:
                self._log.warning(Event.STAGING_LEFT, reason=error.reason)
        except LedgerTrouble:
            raise
        except Exception as error:  # noqa: BLE001 - tidying up must not stop what is tidied up after
            self._log.error(Event.STAGING_LEFT, reason=str(error), exc_info=error)

    def demand_all(self) -> None:
        """Pause, unless results can go everywhere that they should."""
        self.do_everywhere(self._disks.demand)

    def do_everywhere(self, act: Callable[[Destination], object]) -> None:
        """Do something at each destination, as ``do_or_pause`` does."""
        for destination in self._destinations:
            self.do_or_pause(destination, partial(act, destination))

    def discard_staged(self, photo: Photo) -> None:
        """Remove what is staged for a photo that will not be published as it is."""
        if destination := self._destinations.find(photo):
            act = partial(staging.discard, destination.results, photo.id)
            self.do_or_pause(destination, act)
