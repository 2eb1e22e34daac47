"""What was handed over and what became of it: a small database beside the ledger.

A row is written before the reader of the notices goes on, so nothing is forgotten; there is one
for each photo and station, so nothing is handed over twice; and what is about to be published is
written down first, so a crash is taken up where it was.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.errors import LedgerTrouble
from daemon.machine import private
from daemon.plan import Move, Plan
from matting.closing import Closing

_TABLES = """
CREATE TABLE IF NOT EXISTS handover (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ledger TEXT NOT NULL,
    notice INTEGER NOT NULL,
    station TEXT NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL,
    since_s REAL NOT NULL,
    due_s REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    plan TEXT,
    photo INTEGER,
    ended_s REAL,
    UNIQUE (ledger, notice, station)
) STRICT;
CREATE TABLE IF NOT EXISTS away (
    station TEXT PRIMARY KEY,
    since_s REAL NOT NULL,
    reason TEXT NOT NULL
) STRICT;
"""
_LATER = ("photo INTEGER", "ended_s REAL")
"""Columns that the first books did not have."""
_INDICES = """
CREATE INDEX IF NOT EXISTS handover_by_due ON handover (station, state, due_s);
CREATE INDEX IF NOT EXISTS handover_not_filed ON handover (station, state, since_s)
    WHERE state != 'filed';
CREATE INDEX IF NOT EXISTS handover_by_photo ON handover (photo);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo for one station."""

    id: int
    ledger: str
    notice: int
    station: str
    """Its key: the watched folder and the station's name."""
    document: Mapping[str, Any]
    since_s: float
    attempts: int
    """Charged ones."""
    tries: int
    """In all."""
    plan: Plan | None

    @property
    def token(self) -> str:
        """Safe in a file name, and no other entry's, whichever ledger that is of."""
        return f"matted-{self.ledger[:8]}-{self.notice}-{self.id}"


class Book(Closing):
    """The entries; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Open it; it is made where it is missing.

        Raises:
            LedgerTrouble: it cannot be.
        """
        self._lock = threading.Lock()
        with _trouble():
            private.make_file(path)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
            there = {row["name"] for row in self._db.execute("PRAGMA table_info(handover)")}
            for column in _LATER:
                if column.split()[0] not in there:
                    self._db.execute(f"ALTER TABLE handover ADD COLUMN {column}")
            self._db.executescript(_INDICES)

    def add(
        self,
        ledger: str,
        notice: int,
        stations: Sequence[str],
        document: Mapping[str, Any],
        now_s: float,
    ) -> None:
        """Note that a photo is to be handed to stations, once.

        Raises:
            LedgerTrouble: this and all below: it cannot be written or read.
        """
        text = json.dumps(document)
        for station in stations:
            self._run(
                "INSERT OR IGNORE INTO handover (ledger, notice, station, document, state, since_s,"
                " due_s, photo) VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?)",
                (ledger, notice, station, text, now_s, now_s, document.get("photo")),
            )

    def publishing(self, station: str) -> tuple[Entry, ...]:
        """Those of which a plan was written down and not carried out."""
        query = "SELECT * FROM handover WHERE station = ? AND state = 'publishing' ORDER BY id"
        return tuple(map(_entry, self._run(query, (station,))))

    def due(self, station: str, now_s: float) -> Entry | None:
        """The one that has waited longest, with a try counted."""
        query = (
            "UPDATE handover SET tries = tries + 1 WHERE id = (SELECT id FROM handover"
            " WHERE station = ? AND state = 'waiting' AND due_s <= ? ORDER BY due_s, id LIMIT 1)"
            " RETURNING *"
        )
        return next(map(_entry, self._run(query, (station, now_s))), None)

    def charge(self, entry: Entry) -> None:
        """Count an attempt, before it is made."""
        self._run("UPDATE handover SET attempts = attempts + 1 WHERE id = ?", (entry.id,))

    def give_back(self, entry: Entry) -> None:
        """The attempt was not the photo's fault, or did not happen."""
        self._run("UPDATE handover SET attempts = max(0, attempts - 1) WHERE id = ?", (entry.id,))

    def later(self, entry: Entry, due_s: float, reason: str) -> None:
        """Ask again then."""
        query = (
            "UPDATE handover SET state = 'waiting', plan = NULL, due_s = ?, reason = ? WHERE id = ?"
        )
        self._run(query, (due_s, reason, entry.id))

    def plan(self, entry: Entry, plan: Plan) -> None:
        """Write down what is about to be published."""
        query = "UPDATE handover SET state = 'publishing', plan = ? WHERE id = ?"
        self._run(query, (_dumped(plan), entry.id))

    def filed(self, entry: Entry, now_s: float) -> None:
        """Its answer is filed, and nothing will be done about it any more."""
        query = (
            "UPDATE handover SET state = 'filed', reason = NULL, ended_s = ?, document = '{}',"
            " plan = NULL WHERE id = ?"
        )
        self._run(query, (now_s, entry.id))

    def failed(self, entry: Entry, reason: str, now_s: float) -> None:
        """It is given up, until somebody wants it to be asked again."""
        query = (
            "UPDATE handover SET state = 'failed', reason = ?, ended_s = ?, plan = NULL"
            " WHERE id = ?"
        )
        self._run(query, (reason, now_s, entry.id))

    def again(self, now_s: float) -> int:
        """Have all that were given up asked about anew; returns how many."""
        query = (
            "UPDATE handover SET state = 'waiting', since_s = ?, due_s = ?, attempts = 0,"
            " tries = 0, ended_s = NULL WHERE state = 'failed' AND document != '{}' RETURNING id"
        )
        return len(self._run(query, (now_s, now_s)))

    def away(self, station: str, reason: str, now_s: float) -> None:
        """A station is not there, from now on or as before."""
        query = (
            "INSERT INTO away VALUES (?, ?, ?)"
            " ON CONFLICT (station) DO UPDATE SET reason = excluded.reason"
        )
        self._run(query, (station, now_s, reason))

    def there(self, station: str) -> None:
        """It is there, whatever it answered."""
        self._run("DELETE FROM away WHERE station = ?", (station,))

    def counts(self) -> dict[str, int]:
        """How many there are, by state."""
        found = self._run("SELECT state, count(*) AS n FROM handover GROUP BY state", ())
        return {row["state"]: row["n"] for row in found}

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _run(self, query: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        with self._lock, _trouble():
            return self._db.execute(query, values).fetchall()


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["id"],
        row["ledger"],
        row["notice"],
        row["station"],
        json.loads(row["document"]),
        row["since_s"],
        row["attempts"],
        row["tries"],
        _loaded(row["plan"]),
    )


def _dumped(plan: Plan) -> str:
    moves = [[m.staged.hex(), m.final.hex(), m.size_bytes, m.sha256] for m in plan.moves]
    return json.dumps({"results": plan.results.hex(), "moves": moves})


def _loaded(text: str | None) -> Plan | None:
    if text is None:
        return None
    found = json.loads(text)
    moves = (
        Move(bytes.fromhex(a), bytes.fromhex(b), size, sha) for a, b, size, sha in found["moves"]
    )
    return Plan(bytes.fromhex(found["results"]), tuple(moves))


@contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:
        raise LedgerTrouble(f"the book of the stations: {error}") from error
