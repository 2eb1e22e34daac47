"""One station's queue, in a thread of its own: who is slow or dead holds up nobody else."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from daemon.config.stations import Handover
from daemon.errors import Interrupted, MattedError, NameTrouble, PlanBroken, ResultsTrouble
from daemon.log.events import Event, Log
from daemon.stations import comfyui, filing, gpen, hot_folder, program
from daemon.stations.book import Book, Entry
from daemon.stations.decoding import Decoding, Workplace
from daemon.stations.task import (
    Adapter,
    Handed,
    NeverFiled,
    StationAway,
    StationFailed,
    Stopped,
    Task,
)
from matting.backoff import Waits

ADAPTERS: dict[str, Adapter] = {
    "folder": hot_folder,
    "command": program,
    "gpen": gpen,
    "comfyui": comfyui,
}
"""By the settings' names."""

USUAL = Waits(2.0, 300.0)
"""Between attempts."""
_LOOK_S = 0.5
_END_S = 10.0


class Worker:
    """Asks one station about one photo after the other."""

    def __init__(
        self,
        key: str,
        handover: Handover,
        book: Book,
        handed: Callable[[Entry], Handed],
        place: Workplace,
        log: Log,
        waits: Waits = USUAL,
    ) -> None:
        """Prepare; nothing happens before ``start``.

        Args:
            key: what the station's entries are found by.
            handover: the station.
            book: where they stand.
            handed: what an entry is about, as the settings have it.
            place: for pictures on their way.
            log: for what becomes of each photo.
            waits: how long to wait between attempts.
        """
        self._key = key
        self._options: Any = handover.options
        self._adapter = ADAPTERS[handover.name]
        self._book = book
        self._handed = handed
        self._folder = place.folder
        self._log = log
        self._waits = waits
        self._stopping = threading.Event()
        self._decoding = Decoding(place, self._stopping.is_set)
        self._thread = threading.Thread(target=self._serve, name=f"station {key}", daemon=True)

    def start(self) -> None:
        """Begin, with what the last run left."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not done is done in the next run."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_END_S)

    def _serve(self) -> None:
        try:
            self._follow()
        finally:
            self._decoding.rest()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                for entry in self._book.publishing(self._key):
                    self._conclude(entry)
                self._work_due()
            except MattedError as error:  # of the book: nothing is known until it can be read
                self._log.warning(Event.DELIVERY_DELAYED, reader=self._key, reason=str(error))
                self._stopping.wait(self._waits.first_s)

    def _work_due(self) -> None:
        while not self._stopping.is_set():
            entry = self._book.due(self._key, time.time())
            if entry is None:
                self._decoding.rest()
                self._stopping.wait(_LOOK_S)
                continue
            if entry.attempts >= self._options.attempts:
                reason = "its answers ended the program that looked at them"
                self._give_up(entry, self._handed(entry), reason, None)
            elif not self._ask(entry):
                return

    def _ask(self, entry: Entry) -> bool:
        """One attempt; whether the next photo may follow at once."""
        handed = self._handed(entry)
        task = None
        self._book.charge(entry)  # before: what it answers may end us
        try:
            owner = filing.owner(entry)
            task = self._decoding.prepared(owner, handed, self._folder / entry.token)
            answer = self._adapter.ask(task, self._options, self._stopping.is_set)
            self._book.there(self._key)
            made = self._decoding.accepted(owner, handed, task, answer)
            self._book.plan(entry, filing.staged(entry, handed, made))
        except Stopped:
            self._book.give_back(entry)
            return False
        except (StationAway, ResultsTrouble, Interrupted) as error:
            if isinstance(error, StationAway):
                self._book.away(self._key, str(error), time.time())
            self._book.give_back(entry)
            self._postpone(entry, handed, str(error), task)
        except NeverFiled as error:
            self._give_up(entry, handed, str(error), task)
        except StationFailed as error:
            self._book.there(self._key)
            self._charged(entry, handed, str(error), task)
        except Exception as error:  # noqa: BLE001 - the per-photo boundary
            self._charged(entry, handed, f"{type(error).__name__}: {error}", task)
        else:
            return False  # it is published next
        return True

    def _conclude(self, entry: Entry) -> None:
        """Publish what is planned, and note that it is."""
        handed = self._handed(entry)
        assert entry.plan is not None, "who is publishing has a plan"
        try:
            name = filing.published(entry, handed, entry.plan, self._book)
        except PlanBroken as error:
            self._book.later(entry, time.time(), str(error))
            return
        except (ResultsTrouble, NameTrouble) as error:
            self._log.warning(Event.STATION_RETRIED, **self._about(entry), reason=str(error))
            self._stopping.wait(self._waits.after(entry.tries))
            return
        with suppress(ResultsTrouble):  # it tells what was once so
            filing.withdraw(entry, handed)
        self._clear(entry, None)
        self._book.filed(entry, time.time())
        self._log.info(Event.STATION_FILED, **self._about(entry), name=name)

    def _charged(self, entry: Entry, handed: Handed, reason: str, task: Task | None) -> None:
        if entry.attempts + 1 >= self._options.attempts:
            self._give_up(entry, handed, f"{reason}; tried {entry.attempts + 1} times", task)
        else:
            self._postpone(entry, handed, reason, task, again=True)

    def _postpone(
        self, entry: Entry, handed: Handed, reason: str, task: Task | None, *, again: bool = False
    ) -> None:
        now_s = time.time()
        if now_s - entry.since_s >= self._options.give_up_s:
            self._give_up(entry, handed, reason, task)
            return
        after_s = self._waits.after(entry.tries)
        self._book.later(entry, now_s + after_s, reason)
        if again:  # what it answered with is in the way of another answer
            self._clear(entry, task)
        told = {"reason": reason, "after_s": after_s}
        self._log.info(Event.STATION_RETRIED, **self._about(entry), **told)

    def _give_up(self, entry: Entry, handed: Handed, reason: str, task: Task | None) -> None:
        with suppress(ResultsTrouble):  # the log has it, too
            filing.report(entry, handed, reason)
        with suppress(ResultsTrouble):
            filing.discard(entry, handed)
        self._clear(entry, task)
        self._book.failed(entry, reason, time.time())
        self._log.warning(Event.STATION_GAVE_UP, **self._about(entry), reason=reason)

    def _clear(self, entry: Entry, task: Task | None) -> None:
        folder = self._folder / entry.token
        task = task or Task(entry.token, folder / f"{entry.token}.png", None, None, {}, folder)
        self._adapter.done(task, self._options)
        shutil.rmtree(folder, ignore_errors=True)

    def _about(self, entry: Entry) -> dict[str, Any]:
        told = {"photo": entry.document.get("photo"), "path": entry.document.get("path")}
        return {"station": self._options.name, **told}
