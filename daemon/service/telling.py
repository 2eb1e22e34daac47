"""How the daemon is: told to systemd, and left for who asks ``matted status``."""

from __future__ import annotations

import os
import time
from importlib.metadata import version

from daemon.delivery.metrics import Condition
from daemon.engine.standing import EngineStanding
from daemon.filing.queue import Filing
from daemon.intake.folders import WatchedFolders
from daemon.ledger import Ledger, State
from daemon.service import notify
from daemon.service.board import Board, News
from daemon.service.pauses import Pauses
from daemon.service.status import midnight_s

_TELL_S = 1.0
"""Counting takes time, so it is not done more often."""


class Telling:
    """Counts and tells."""

    def __init__(
        self,
        board: Board,
        ledger: Ledger,
        engine: EngineStanding,
        watching: WatchedFolders,
        filing: Filing,
        pauses: Pauses,
        *,
        started_s: float,
    ) -> None:
        self._board = board
        self._ledger = ledger
        self._engine = engine
        self._watching = watching
        self._filing = filing
        self._pauses = pauses
        self._started_s = started_s
        self._tell_at_s = 0.0
        self._untold = False

    def tell(self, *, refused: str | None) -> None:
        """Tell how it is, unless that was told just now.

        Args:
            refused: why new settings were refused, if they were.

        Raises:
            LedgerTrouble: it cannot be read, or the news cannot be left beside it.
        """
        self._pauses.turned(self._paused(), now_s=time.time())
        self._untold = time.monotonic() < self._tell_at_s
        if self._untold:
            return
        self._tell_at_s = time.monotonic() + _TELL_S
        notify.status(self.status(refused=refused))
        self._board.post(
            News(
                pid=os.getpid(),
                started_s=self._started_s,
                paused=self._filing.hindered,
                engine=self._engine.hello,
                engine_starts=self._engine.starts,
                folders=self._watching.news(),
                workers=self._filing.workers,
            )
        )

    def next_s(self) -> float | None:
        """When there is something to be told, on the monotonic clock; None if all is."""
        return self._tell_at_s if self._untold else None

    def condition(self) -> Condition:
        """How the daemon is, for metrics; from whatever thread."""
        paused = self._watching.paused
        return Condition(
            version=version("matted"),
            engine=str(self._engine.hello.get("engine", "")),
            device=str(self._engine.hello.get("device", "")),
            engine_starts=self._engine.starts,
            paused=self._filing.hindered,
            workers=self._filing.workers,
            folders={path: paused.get(path) for path in self._watching.folders},
        )

    def _paused(self) -> dict[str | None, str]:
        """Why folders are paused; under None why everything is."""
        paused: dict[str | None, str] = dict(self._watching.paused.items())
        hindered = self._filing.hindered
        return paused if hindered is None else paused | {None: hindered}

    def status(self, *, refused: str | None) -> str:
        """One line for people.

        Raises:
            LedgerTrouble: the ledger cannot be read.
        """
        counts = self._ledger.counts()
        waiting = counts[State.WAITING] + counts[State.RETRYING]
        working = counts[State.WORKING] + counts[State.PUBLISHING]
        today = self._ledger.count_filed_since(midnight_s())
        told = [f"{waiting} waiting, {working} working, {today} filed today"]
        if counts[State.FAILED]:
            told[0] += f", {counts[State.FAILED]} failed"
        told += [f"{path} paused: {reason}" for path, reason in self._watching.paused.items()]
        if hindered := self._filing.hindered:
            told.append(f"paused: {hindered}")
        if refused:
            told.append(f"new settings refused, the old ones hold: {refused}")
        return "; ".join(told)
