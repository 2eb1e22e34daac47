"""What others are to be told of photos, written down in the transaction that makes it true.

A daemon that dies between the two would otherwise have filed a photo that nobody hears of. Readers
(hooks, webhooks, the manifest, metrics) each keep a position of their own and move it when they are
done, so that each hears of everything at least once, in order, whenever it is at hand.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from daemon.errors import LedgerTrouble
from daemon.ledger.place import Spot
from matting.closing import Closing

TABLES = (
    """CREATE TABLE notice (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_s REAL NOT NULL,
        kind TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE reader (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)
"""AUTOINCREMENT, since positions must stay true when old notices are removed."""


class Kind(StrEnum):
    """What is told."""

    FILED = "filed"
    QUARANTINED = "quarantined"
    PAUSED = "paused"
    """A folder, or everything."""
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened."""

    id: int
    """Grows; a reader that hears of one twice knows it by this."""
    at_s: float
    """Seconds since the epoch."""
    kind: Kind
    document: Mapping[str, Any]
    """Facts as JSON can hold them."""
    ledger: str
    """Whose: two daemons each count from 1."""


def write(db: sqlite3.Connection, kind: Kind, document: Mapping[str, Any], *, now_s: float) -> None:
    """Note what happened, as a part of somebody's transaction."""
    db.execute(
        "INSERT INTO notice (at_s, kind, document) VALUES (?, ?, ?)",
        (now_s, kind, json.dumps(document)),
    )


class Notices(Closing):
    """One reader's view of them, over a connection of its own: for one thread or program."""

    def __init__(self, path: Path, reader: str | None) -> None:
        """Open the ledger, which the daemon has made; a new reader hears of what comes from now on.

        Args:
            path: the ledger.
            reader: a name that stays the same over restarts; None for one that is new each time.

        Raises:
            LedgerTrouble: it cannot be read.
        """
        self._reader = reader
        self._spot = Spot.of(path)
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with contextlib.ExitStack() as unless_opened:
            try:
                self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
                unless_opened.callback(self._db.close)
                self._position = self._begin()
            except sqlite3.Error as error:
                told = f"the ledger {path} cannot be read: {error}"
                raise LedgerTrouble(told) from error
            unless_opened.pop_all()

    def next(
        self, *, limit: int = 100, kinds: Collection[Kind] = tuple(Kind)
    ) -> tuple[Notice, ...]:
        """The oldest notices that this reader has not done with.

        Raises:
            LedgerTrouble: they cannot be read, or it is another ledger by now.
        """
        self._spot.demand_unchanged()
        marks = ", ".join("?" * len(kinds))
        query = (
            "SELECT id, at_s, kind, document FROM notice"  # noqa: S608 - only question marks are filled in
            f" WHERE id > ? AND kind IN ({marks}) ORDER BY id LIMIT ?"
        )
        try:
            rows = self._db.execute(query, (self._position, *kinds, limit)).fetchall()
            return tuple(
                Notice(n, at_s, Kind(kind), json.loads(text), self._ledger)
                for n, at_s, kind, text in rows
            )
        except (sqlite3.Error, ValueError) as error:
            raise LedgerTrouble(f"the ledger: {error}") from error

    def done(self, notice: Notice) -> None:
        """This reader is done with a notice, and with all before it.

        Raises:
            LedgerTrouble: that cannot be written; the notice is told again then.
        """
        try:
            if self._reader is not None:
                self._db.execute(
                    "UPDATE reader SET position = ? WHERE name = ?", (notice.id, self._reader)
                )
        except sqlite3.Error as error:
            raise LedgerTrouble(f"the ledger: {error}") from error
        self._position = notice.id

    def _begin(self) -> int:
        """Where this reader was."""
        self._db.execute("PRAGMA busy_timeout = 10000")
        # A position that a power cut takes back costs one notice that is told twice.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._ledger = str(self._db.execute("SELECT id FROM identity").fetchone()[0])
        last = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notice'), 0)"
        if self._reader is None:
            return int(self._db.execute(f"SELECT {last}").fetchone()[0])
        self._db.execute(
            f"INSERT OR IGNORE INTO reader SELECT ?, {last}",
            (self._reader,),
        )
        query = "SELECT position FROM reader WHERE name = ?"
        return int(self._db.execute(query, (self._reader,)).fetchone()[0])

    def close(self) -> None:
        """Close the connection."""
        self._db.close()
