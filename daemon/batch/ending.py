"""How one photo of a batch ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from daemon.ledger import Entry, Ledger, State

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Ending:
    """One photo's end."""

    source: str
    """As it was given."""
    entry: Entry | None = None
    """What the ledger knows of it; None if it did not even come to that."""
    error: str | None = None
    out_dir: Path | None = None
    """Where its results are."""
    existing: tuple[Path, ...] = ()
    """Its results, if they were there before and it was left out."""


def ending_of(ledger: Ledger, photo_id: int, source: str, stuck: str | None) -> Ending | None:
    """How a photo ended; None if it has not.

    Args:
        ledger: that knows; a photo that has been tried often enough fails in it.
        photo_id: the photo.
        source: as it was given.
        stuck: why half of its results can be neither completed nor taken back, if it is so.
    """
    entry = ledger.entry(photo_id)
    if entry is None:
        return None
    match entry.state:
        case State.FILED:
            return Ending(source, entry)
        case State.FAILED | State.GONE:
            return Ending(source, entry, entry.reason or "is gone")
        case State.PUBLISHING if stuck:
            return Ending(source, entry, stuck)
        case State.RETRYING if entry.photo.tries >= _TRIES and entry.due_s > time.time():
            # The daemon would go on trying for as long as the file is there; nobody waits here.
            reason = entry.reason or "does not work"
            ledger.failed(photo_id, reason, now_s=time.time())
            return Ending(source, entry, reason)
        case _:
            return None
