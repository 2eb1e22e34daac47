"""All stations of a settings file: notices become entries, and entries are worked on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from daemon.config.settings import Folder, Settings
from daemon.config.stations import Handover
from daemon.delivery.follower import Follower
from daemon.ledger.notices import Kind, Notice
from daemon.log.events import Log
from daemon.machine import private
from daemon.machine.capacity import Capacity
from daemon.stations.book import Book, Entry
from daemon.stations.decoding import Workplace
from daemon.stations.standing import BOOK, key
from daemon.stations.task import Handed
from daemon.stations.worker import USUAL, Worker
from matting.backoff import Waits

_READER = "stations"
_PRIVATE = "stations"
_MEGA = 1_000_000


class Stations:
    """Everything that `matted stations` runs."""

    def __init__(self, settings: Settings, ledger: Path, log: Log, waits: Waits = USUAL) -> None:
        """Prepare; nothing is handed over before ``start``.

        Args:
            settings: the daemon's.
            ledger: the ledger's file.
            log: for what becomes of each photo.
            waits: between attempts.

        Raises:
            LedgerTrouble: the book of what was handed over cannot be opened.
        """
        self._settings = settings
        self._folders: Mapping[str, Folder] = {str(each.watch): each for each in settings.folders}
        work = settings.state_dir / _PRIVATE
        private.empty_directory(work)
        self._book = Book(settings.state_dir / BOOK)
        capacity, limits = Capacity.here(), settings.limits
        memory_bytes = capacity.each_bytes(
            limits.photo_memory_mb, capacity.workers(settings.workers)
        )
        place = Workplace(work, memory_bytes, limits.photo_timeout_s)
        self._workers = [
            Worker(key(folder, one), one, self._book, self._maker(folder, one), place, log, waits)
            for folder in settings.folders
            for one in folder.handover
        ]
        self._follower = Follower(
            ledger, _READER, self._note, kinds=(Kind.FILED,), log=log, reader=_READER
        )

    def start(self) -> None:
        """Begin, with what was filed since the last run."""
        self._follower.start()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End; what was not done is done in the next run."""
        self._follower.stop()
        for worker in self._workers:
            worker.stop()
        self._book.close()

    def _note(self, notice: Notice, _: threading.Event) -> None:
        folder = self._folders.get(str(notice.document.get("folder")))
        if folder is None or not folder.handover:
            return
        stations = [key(folder, one) for one in folder.handover]
        self._book.add(notice.ledger, notice.id, stations, notice.document, time.time())

    def _maker(self, folder: Folder, one: Handover) -> Callable[[Entry], Handed]:
        """What makes of an entry all that there is to know."""
        max_pixels = round(self._settings.limits.max_megapixels * _MEGA)
        profile = self._settings.profile(folder.profile)
        return lambda entry: Handed(entry.token, entry.document, one.options, profile, max_pixels)
