"""The main loop: look, file, tell, rest; until it is told to stop."""

from __future__ import annotations

import time

from daemon.engine.standing import EngineStanding
from daemon.errors import LedgerTrouble
from daemon.filing.queue import Filing
from daemon.intake.folders import WatchedFolders
from daemon.log.events import Event, Log
from daemon.service import notify
from daemon.service.liveness import Watchdog
from daemon.service.orders import Orders
from daemon.service.reloading import Reloading
from daemon.service.telling import Telling

DRAIN_S = 20.0
"""How long photos in flight may take to finish when the daemon ends."""
_LONGEST_WAIT_S = 5.0
_FIRST_LOOK_S = 300.0


class MainLoop:
    """Turns until it is told to stop, then drains."""

    def __init__(
        self,
        orders: Orders,
        watching: WatchedFolders,
        filing: Filing,
        engine: EngineStanding,
        reloading: Reloading,
        telling: Telling,
        log: Log,
    ) -> None:
        self._orders = orders
        self._watching = watching
        self._filing = filing
        self._engine = engine
        self._reloading = reloading
        self._telling = telling
        self._log = log
        self._trouble: str | None = None
        """Why the ledger cannot be used at present."""

    def serve(self, watchdog: Watchdog) -> None:
        """Turn until told to stop.

        Raises:
            LedgerTrouble: the ledger cannot be read at the start.
        """
        notify.starting("looking at the folders", within_s=_FIRST_LOOK_S)
        self._turn()  # so that the folders, too, are known to be as they should, or paused
        notify.ready(self._telling.status(refused=None))
        self._log.info(Event.SERVICE_READY, folders=self._watching.folders)
        while not self._orders.stopping:
            self._renew_settings()
            began_s = time.monotonic()
            self._turn()
            watchdog.turned(
                overdue=self._trouble is None and self._watching.next_turn_s() <= began_s,
                at_work=self._filing.at_work,
                engine=self._engine.state,
            )
            self._orders.wait(self._until_next_turn_s())

    def drain(self) -> None:
        """Let the photos in flight finish, up to a limit."""
        notify.stopping()
        self._watching.stop()
        until_s = time.monotonic() + DRAIN_S
        while self._filing.drain() and time.monotonic() < until_s:
            self._orders.wait(0.2)

    def _renew_settings(self) -> None:
        if self._orders.take_reload():
            notify.reloading()
            self._reloading.reload()
            self._tell_ready()
        if self._reloading.links_are_due and self._reloading.moved_links():
            notify.reloading()
            self._reloading.follow_links()
            self._tell_ready()

    def _tell_ready(self) -> None:
        try:
            notify.ready(self._telling.status(refused=self._reloading.refused))
        except LedgerTrouble as error:  # the turn that comes next pauses for it
            notify.ready(f"paused: {error}")

    def _turn(self) -> None:
        """Look and file; while the ledger cannot be written, neither is possible."""
        try:
            self._watching.turn()
            self._filing.turn(paused_folders=self._watching.paused)
            self._telling.tell(refused=self._reloading.refused)
        except LedgerTrouble as error:
            if self._trouble is None:
                self._log.error(Event.SERVICE_PAUSED, reason=str(error))
            self._trouble = str(error)
        else:
            if self._trouble is not None:
                self._log.info(Event.SERVICE_RESUMED)
            self._trouble = None

    def _until_next_turn_s(self) -> float:
        if self._trouble is not None:
            return _LONGEST_WAIT_S
        asked = (self._watching, self._filing)
        try:
            times = [one.next_turn_s() for one in asked] + [self._telling.next_s()]
        except LedgerTrouble:  # the next turn pauses for it, at once
            return 0.0
        next_s = min(at_s for at_s in times if at_s is not None)
        return min(max(next_s - time.monotonic(), 0.0), _LONGEST_WAIT_S)
