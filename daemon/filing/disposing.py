"""What becomes of a photo's original once the photo has ended: kept, archived, deleted."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from daemon.errors import LedgerTrouble, ResultsTrouble, SourceTrouble
from daemon.filing.destinations import Destination, Destinations
from daemon.filing.facts import photo_facts
from daemon.filing.originals import irreplaceable
from daemon.filing.reports import write_report
from daemon.ledger import Entry, Ledger, State
from daemon.log.events import Event, Log, facts
from daemon.photo import Photo
from daemon.shelf.disposal import dispose
from daemon.shelf.taken_source import Disposed


class Disposing:
    """Treats originals as their folders' settings say; what fails is tried again later."""

    def __init__(self, ledger: Ledger, destinations: Destinations, log: Log) -> None:
        self._ledger = ledger
        self._destinations = destinations
        self._log = log

    def dispose_all(self) -> None:
        """Treat all originals that could not be, by a crash or because they were busy."""
        for photo in self._ledger.to_dispose():
            self.dispose(photo)

    def dispose(self, photo: Photo) -> None:
        """Archive or delete one original, or let it follow its photo into quarantine.

        Raises:
            LedgerTrouble: the ledger cannot be read or written; nothing else, ever.
        """
        destination = self._destinations.find(photo)
        entry = self._ledger.entry(photo.id)
        if destination is None or entry is None:
            return
        act = self._follow if entry.state is State.FAILED else self._treat
        self._kept_if_it_fails(photo, partial(act, entry, destination))

    def _kept_if_it_fails(self, photo: Photo, act: Callable[[], None]) -> None:
        try:
            act()
        except LedgerTrouble:
            raise
        except (SourceTrouble, ResultsTrouble) as error:
            self._log.warning(Event.SOURCE_KEPT, **photo_facts(photo), reason=error.reason)
        except Exception as error:  # noqa: BLE001 - the per-photo boundary; the photo itself has ended
            told = {"reason": str(error), "exc_info": error}
            self._log.error(Event.SOURCE_KEPT, **photo_facts(photo), **told)

    def _treat(self, entry: Entry, destination: Destination) -> None:
        photo = entry.photo
        kept = self._irreplaceable(entry) if destination.originals == "delete" else None
        ended = dispose(
            photo,
            destination.originals if kept is None else "keep",
            archive=destination.archive,
            day=photo.filed_on or date.fromtimestamp(entry.changed_s),  # noqa: DTZ012 - people look for the local date
            sha256=entry.sha256 or "",
        )
        self._ledger.disposed(photo.id, kept=kept and f"the original was not deleted: {kept}")
        stays = kept is not None or ended is Disposed.CHANGED
        event = Event.SOURCE_KEPT if stays else Event.SOURCE_DISPOSED
        self._log.info(event, **photo_facts(photo), original=str(ended), **facts(reason=kept))

    def _follow(self, entry: Entry, destination: Destination) -> None:
        """Let an original that could not follow its photo into quarantine do so now."""
        if write_report(entry.photo, destination, {}, self._log):
            self._ledger.disposed(entry.photo.id)

    def _irreplaceable(self, entry: Entry) -> str | None:
        """Why the original must not be deleted; a content filed before lies under older names."""
        filed, outputs = self._ledger.filing_of(entry.photo.folder, entry.sha256 or "")
        missing = tuple(path for path in outputs if not _is_file(path))
        return irreplaceable(filed, outputs, missing)


def _is_file(path: Path) -> bool:
    """Whether a file with something in it is there; a link is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0
