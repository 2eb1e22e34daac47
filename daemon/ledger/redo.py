"""Photos that are worked through again: SQL, each function a part of somebody's transaction.

The photo's own row goes back into the queue, so that all that protects a photo protects its
redoing, and what it was filed as before is kept in a table of its own. While it is redone its
content counts as filed, and nothing that happens in the watched folder ends it: its original may
be in the archive.
"""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import asdict

from daemon.errors import LedgerTrouble, NameTaken
from daemon.filed import Filed
from daemon.ledger import rows, transitions
from daemon.ledger.rows import State
from daemon.photo import Redo

TABLES = (
    "ALTER TABLE photo ADD COLUMN redo TEXT",
    "CREATE INDEX photo_redo ON photo (folder, path) WHERE redo IS NOT NULL",
    """CREATE TABLE filing (
        id INTEGER PRIMARY KEY,
        photo INTEGER NOT NULL REFERENCES photo (id),
        filed_s REAL NOT NULL,
        results BLOB NOT NULL,
        names TEXT NOT NULL,
        filed TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX filing_by_photo ON filing (photo)",
)
"""``filing`` is what photos were filed as that were redone since; names are JSON, odd bytes in it
lone surrogates."""


def begin(db: sqlite3.Connection, photo_id: int, redo: Redo, *, now_s: float) -> None:
    """Put a filed photo into the queue again, and keep what it was filed as.

    Raises:
        LedgerTrouble: it is not filed, or its original is just being moved.
    """
    row = db.execute("SELECT * FROM photo WHERE id = ?", (photo_id,)).fetchone()
    if row is None or row["state"] != State.FILED:
        raise LedgerTrouble("only what is filed can be redone")
    if not row["disposed"]:
        raise LedgerTrouble("its original is yet to be archived or deleted; try again later")
    if row["filed"] is not None:
        _keep(db, row)
    transitions.forget_names(db, photo_id)
    transitions.move(db, photo_id, State.WAITING, now_s)
    db.execute(
        "UPDATE photo SET redo = ?, attempts = 0, tries = 0, reason = NULL, due_s = ?,"
        " watched_s = 0, superseded = 0, decided = NULL WHERE id = ?",
        (json.dumps(asdict(redo) | {"source": os.fsdecode(redo.source)}), now_s, photo_id),
    )


def end(db: sqlite3.Connection, photo_id: int) -> None:
    """A photo is filed: it is one like all others again."""
    db.execute("UPDATE photo SET redo = NULL WHERE id = ?", (photo_id,))


def take_back(db: sqlite3.Connection, photo_id: int, *, now_s: float) -> None:
    """What a photo was filed as before it was redone counts again; no file is touched.

    Raises:
        LedgerTrouble: it is at work or in quarantine, or its former names are another photo's.
    """
    row = db.execute("SELECT * FROM photo WHERE id = ?", (photo_id,)).fetchone()
    former = db.execute(
        "SELECT * FROM filing WHERE photo = ? ORDER BY id DESC LIMIT 1", (photo_id,)
    ).fetchone()
    if row is None or former is None:
        raise LedgerTrouble("it was not filed before")
    if row["state"] not in {State.FILED, State.WAITING, State.RETRYING}:
        raise LedgerTrouble(f"is {row['state']}; what is redone can be undone when it is filed")
    db.execute("DELETE FROM filing WHERE id = ?", (former["id"],))
    if row["state"] == State.FILED and row["filed"] is not None:
        _keep(db, row)
    names = [os.fsencode(name) for name in json.loads(former["names"])]
    try:
        transitions.reserve(db, photo_id, former["results"], names)
    except NameTaken as error:
        raise LedgerTrouble("another photo has its former names by now") from error
    transitions.move(db, photo_id, State.FILED, now_s)
    flagged = len(rows.load(former["filed"], tuple(names)).flags)
    db.execute(
        "UPDATE photo SET redo = NULL, reason = NULL, filed = ?, flagged = ? WHERE id = ?",
        (former["filed"], flagged, photo_id),
    )


def _keep(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Keep what a photo is filed as at present, beside what it was before."""
    names = [os.fsdecode(name) for name in transitions.names(db, row["id"])]
    where = db.execute("SELECT results FROM name WHERE photo = ?", (row["id"],)).fetchone()
    results = where["results"] if where else b""
    db.execute(
        "INSERT INTO filing (photo, filed_s, results, names, filed) VALUES (?, ?, ?, ?, ?)",
        (row["id"], row["changed_s"], results, json.dumps(names), row["filed"]),
    )


def history(db: sqlite3.Connection, photo_id: int) -> tuple[Filed, ...]:
    """What a photo was filed as before, the oldest first."""
    query = "SELECT names, filed FROM filing WHERE photo = ? ORDER BY id"
    return tuple(
        rows.load(row["filed"], tuple(map(os.fsencode, json.loads(row["names"]))))
        for row in db.execute(query, (photo_id,))
    )
