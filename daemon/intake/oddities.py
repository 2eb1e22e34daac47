"""What is odd in a folder, each said once."""

from __future__ import annotations

import os

from daemon.intake.scan import Remark, Scan
from daemon.log.events import Event, Log


class Oddities:
    """Remembers what was said, as long as it is so: a year of it would fill memory."""

    def __init__(self, folder: str, log: Log) -> None:
        self._folder = folder
        self._log = log
        self._told: set[Remark] = set()

    def tell(self, found: Scan) -> None:
        """Say what a scan has found for the first time."""
        empty = (
            Remark(sighting.path, "is empty; waiting for its content")
            for sighting in found.sightings
            if not sighting.version.size_bytes
        )
        odd = {
            **dict.fromkeys(found.ignored, Event.FILE_IGNORED),
            **dict.fromkeys(found.trouble, Event.FOLDER_TROUBLED),
            **dict.fromkeys(empty, Event.FILE_EMPTY),
        }
        for remark in odd.keys() - self._told:
            path = remark.path or os.fsencode(self._folder)
            self._log.info(odd[remark], path=path, reason=remark.reason)
        self._told = set(odd) if not found.under else self._told | odd.keys()
