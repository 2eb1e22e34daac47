"""Files that have settled but are still open for writing somewhere: they settle anew."""

from __future__ import annotations

import os

from daemon.intake.capability import Capability
from daemon.intake.settle import Settling
from daemon.intake.writers import open_for_writing
from daemon.log.events import Event, Log
from daemon.photo import Sighting


class BusyFiles:
    """Of one folder; says once of each file that it is busy."""

    def __init__(self, folder: str, log: Log) -> None:
        self._folder = folder
        self._log = log
        self._told: set[bytes] = set()

    def closed(
        self, settled: tuple[Sighting, ...], settling: Settling, capability: Capability
    ) -> tuple[Sighting, ...]:
        """Those that nobody writes to any more.

        Args:
            settled: files of the folder.
            settling: where the others settle anew.
            capability: what the file system knows of writers; it knows nothing of shares below.
        """
        if not settled:
            return ()
        shared = tuple(os.fsencode(path) + b"/" for path in capability.silent_below)
        root = os.fsencode(self._folder)
        local = [one.path for one in settled if not os.path.join(root, one.path).startswith(shared)]
        busy = open_for_writing(self._folder, local, local=capability.local)
        for one in settled:
            if one.path in busy:
                settling.reopen(one)
                self._tell(one.path)
            else:
                self.forget(one.path)
        return tuple(one for one in settled if one.path not in busy)

    def forget(self, path: bytes) -> None:
        """It is busy no more, or gone."""
        self._told.discard(path)

    def _tell(self, path: bytes) -> None:
        if path not in self._told:
            self._log.info(Event.FILE_BUSY, path=path)
        self._told.add(path)
