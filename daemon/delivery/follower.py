"""One reader that follows the notices, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path

from daemon.errors import MattedError
from daemon.ledger.notices import Kind, Notice, Notices
from daemon.log.events import Event, Log
from matting.backoff import Backoff, Waits

_LOOK_S = 1.0
_AGAIN = Waits(2.0, 300.0)
_END_S = 5.0


class BrokenOff(Exception):
    """It was told to end before it was done."""


class Follower:
    """Has something done for each notice, in order and at least once, and holds up nobody."""

    def __init__(
        self,
        ledger: Path,
        name: str,
        act: Callable[[Notice, threading.Event], None],
        *,
        kinds: Collection[Kind],
        log: Log,
        reader: str | None,
    ) -> None:
        """Prepare; nothing is done before ``start``.

        Args:
            ledger: the ledger's file.
            name: what it is called in the log.
            act: does it; told when to break off. Raises ``MattedError`` for what is to be tried
                again later, and ``BrokenOff`` if it was.
            kinds: of the notices that it is about.
            log: for what has to be tried again.
            reader: what its position is kept under over restarts; None: it is not kept.
        """
        self._ledger = ledger
        self._name = name
        self._act = act
        self._kinds = tuple(kinds)
        self._reader = reader
        self._log = log
        self._backoff = Backoff(_AGAIN)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.follow, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with what has happened since its last run."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not done is done in the next run."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_END_S)

    def follow(self) -> None:
        """Go on until ``stop``."""
        while not self._stopping.is_set():
            try:
                with Notices(self._ledger, self._reader) as notices:
                    while not self._stopping.is_set():
                        self._do_due(notices)
            except BrokenOff:
                return
            except MattedError as error:
                reason = str(error)
                self._log.warning(Event.DELIVERY_DELAYED, reader=self._name, reason=reason)
                self._stopping.wait(self._backoff.next())

    def _do_due(self, notices: Notices) -> None:
        """Do what is there, or wait for it."""
        due = notices.next(kinds=self._kinds)
        for notice in due:
            try:
                self._act(notice, self._stopping)
            except (MattedError, BrokenOff):
                raise
            except Exception as error:  # noqa: BLE001 - one notice must not end what comes after it
                told = {"reader": self._name, "notice": notice.id, "reason": str(error)}
                self._log.error(Event.DELIVERY_LEFT_OUT, **told, exc_info=error)
            notices.done(notice)
            self._backoff.reset()
        if not due:
            self._stopping.wait(_LOOK_S)
