"""How the stations stand, for people and programs that ask from outside, whoever runs or not.

The book is only read here, and no picture library is loaded.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from daemon.config.settings import Folder, Settings
from daemon.config.stations import Handover
from daemon.machine.lock import is_held
from daemon.photo import show

BOOK = "stations.sqlite"
LOCK = "stations-lock"
"""What `matted stations` has in the state directory: its book, and the lock that it holds."""
_LATEST = 20

_COUNTS = """
SELECT handover.station, state, count(*) AS n, min(handover.since_s) AS first_s
FROM handover WHERE state != 'filed' GROUP BY handover.station, state
"""
_FAILED = """
SELECT photo, station, state, coalesce(ended_s, since_s) AS at_s, reason,
    json_extract(document, '$.path') AS path
FROM handover WHERE state = 'failed' ORDER BY at_s DESC, id DESC LIMIT ?
"""
_OF_PHOTO = """
SELECT photo, station, state, coalesce(ended_s, since_s) AS at_s, reason,
    json_extract(document, '$.path') AS path
FROM handover WHERE photo = ? AND ledger = ? ORDER BY id LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Station:
    """One station."""

    name: str
    folder: str
    """The watched folder whose results it gets."""
    waiting: int = 0
    """How many photos it is to be asked about."""
    failed: int = 0
    """How many were given up."""
    since_s: float | None = None
    """Since when the first of them waits; seconds since the epoch."""
    away_s: float | None = None
    """Since when it is not there."""
    reason: str | None = None
    """Why it is not."""
    wanted: bool = True
    """Whether the settings still name it."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One photo, as it stands with one station."""

    photo: int | None
    path: str | None
    station: str
    state: str
    """waiting, publishing, filed or failed."""
    at_s: float
    """When it was handed over, or came to its end; seconds since the epoch."""
    reason: str | None
    """Why it waits still, or was given up."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All of them."""

    running: bool = False
    """Whether `matted stations` runs."""
    stations: tuple[Station, ...] = ()
    failed: tuple[Handed, ...] = ()
    """The latest."""
    unreadable: str | None = None
    """Why nothing can be told of them."""

    @property
    def troubled(self) -> bool:
        """Whether somebody should see to it: photos wait in vain, or were given up."""
        in_vain = any(one.waiting and (one.away_s or not self.running) for one in self.stations)
        idle = any(one.wanted for one in self.stations) and not self.running
        failed = any(one.failed for one in self.stations)
        return in_vain or idle or failed or self.unreadable is not None

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


NONE = Standing()


def key(folder: Folder, one: Handover) -> str:
    """What a station's entries are found by, also when its settings change."""
    return f"{folder.watch}: {one.options.name}"


def wanted(settings: Settings) -> tuple[str, ...]:
    """The keys of all stations that the settings name."""
    return tuple(key(folder, one) for folder in settings.folders for one in folder.handover)


def read(state_dir: Path, named: tuple[str, ...] = ()) -> Standing:
    """Ask; what cannot be read is told in the answer.

    Args:
        state_dir: the daemon's.
        named: the keys of the stations that the settings name.
    """
    found: dict[str, Station] = {}
    failed: tuple[Handed, ...] = ()
    trouble = None
    try:
        with _opened(state_dir) as book:
            if book is not None:
                found, failed = _counted(book), _failed(book)
    except sqlite3.Error as error:
        trouble = f"the book of the stations: {error}"
    none = {one: Station(*_parts(one)) for one in named}
    stations = [replace(one, wanted=known in none) for known, one in (none | found).items()]
    return Standing(is_held(state_dir / LOCK), tuple(stations), failed, trouble)


def of_photo(state_dir: Path, photo: int, ledger: str) -> tuple[Handed, ...]:
    """How one photo of a ledger stands with each of them, the first station first.

    Nothing where the book cannot be read, which ``read`` tells.
    """
    with suppress(sqlite3.Error), _opened(state_dir) as book:
        if book is not None:
            return tuple(map(_handed, book.execute(_OF_PHOTO, (photo, ledger, _LATEST))))
    return ()


@contextmanager
def _opened(state_dir: Path) -> Iterator[sqlite3.Connection | None]:
    """The book, to be read; None where nothing was ever handed over."""
    path = state_dir / BOOK
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as book:
        book.row_factory = sqlite3.Row
        yield book


def _counted(book: sqlite3.Connection) -> dict[str, Station]:
    """The stations of which there is something to be told, by their keys."""
    away = {row["station"]: row for row in book.execute("SELECT * FROM away")}
    found: dict[str, Station] = {}
    for row in book.execute(_COUNTS):
        known = row["station"]
        one = found.get(known, Station(*_parts(known)))
        if row["state"] == "failed":
            found[known] = replace(one, failed=row["n"])
            continue
        earlier_s = row["first_s"] if one.since_s is None else min(one.since_s, row["first_s"])
        found[known] = replace(one, waiting=one.waiting + row["n"], since_s=earlier_s)
    for known, row in away.items():
        if known in found and found[known].waiting:
            found[known] = replace(found[known], away_s=row["since_s"], reason=row["reason"])
    return found


def _failed(book: sqlite3.Connection) -> tuple[Handed, ...]:
    return tuple(map(_handed, book.execute(_FAILED, (_LATEST,))))


def _handed(row: sqlite3.Row) -> Handed:
    name, _ = _parts(row["station"])
    path = row["path"] and show(row["path"])
    return Handed(row["photo"], path, name, row["state"], row["at_s"], row["reason"])


def _parts(known: str) -> tuple[str, str]:
    """A key's station and watched folder."""
    folder, _, name = known.rpartition(": ")
    return name, show(folder)
