"""Whether anything still moves; systemd's watchdog is pinged only if it does.

A timer in a thread of its own would ping for a daemon that is blind or stuck, so nothing but a
turn of the main loop does, and only if that turn got somewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from daemon.log.events import Event, Log
from daemon.photo import Photo

_PATIENCE = 1.25
_GRACE_S = 60.0
"""Time for a photo process to be killed, and for the next to start."""


class Watchdog:
    """Looks at each turn of the main loop."""

    def __init__(
        self,
        ping: Callable[[], None],
        *,
        log: Log,
        photo_timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """No turn is known yet.

        Args:
            ping: tells systemd that all is well.
            log: for why it was not told so.
            photo_timeout_s: after which a photo process should have been killed.
            clock: gives seconds on the monotonic clock.
        """
        self._ping = ping
        self._log = log
        self._longest_s = photo_timeout_s * _PATIENCE + _GRACE_S
        self._clock = clock
        self._since_s: dict[tuple[int, int], float] = {}
        self._told: str | None = None

    def turned(self, *, overdue: bool, at_work: Collection[Photo], engine: str) -> None:
        """Ping, unless something is stuck.

        Args:
            overdue: whether a folder was to be looked at in this turn and was not.
            at_work: the photos that photo processes have.
            engine: the state of the engine's host.
        """
        reason = self._stuck(overdue=overdue, at_work=at_work, engine=engine)
        if reason is None:
            self._ping()
        elif reason != self._told:
            self._log.error(Event.SERVICE_STUCK, reason=reason)
        self._told = reason

    def _stuck(self, *, overdue: bool, at_work: Collection[Photo], engine: str) -> str | None:
        now_s = self._clock()
        # With its attempt: the same photo may come back at once.
        attempts = [(photo.id, photo.tries) for photo in at_work]
        self._since_s = {one: self._since_s.get(one, now_s) for one in attempts}
        for (photo, _), since_s in self._since_s.items():
            if now_s - since_s > self._longest_s:
                return f"photo {photo} never came back from its photo process"
        if engine == "stopped":
            return "nobody looks after the engine any more"
        return "a folder that was due was not looked at" if overdue else None
