"""What people decided about filed photos: SQL, each function a part of somebody's transaction.

Nothing is ever taken away: who takes a decision back adds a line that says so. A photo's row holds
the decision that counts at present; one that is redone is to be looked at again.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from daemon.errors import LedgerTrouble
from daemon.ledger import redo
from daemon.ledger.rows import State

TABLES = (
    "ALTER TABLE photo ADD COLUMN decided TEXT",
    """CREATE TABLE decision (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo INTEGER NOT NULL REFERENCES photo (id),
        at_s REAL NOT NULL,
        who TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'rejected', 'redone', 'undone')),
        undone INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX decision_by_photo ON decision (photo)",
    """CREATE INDEX photo_to_look_at ON photo (changed_s)
       WHERE state = 'filed' AND flagged > 0 AND decided IS NULL""",
    """CREATE INDEX photo_decided ON photo (decided, changed_s)
       WHERE state = 'filed' AND decided IS NOT NULL""",
)
"""AUTOINCREMENT, since pages that are open ask what came after the last one that they know."""


class Verdict(StrEnum):
    """What was decided."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REDONE = "redone"
    """It was to be worked through again."""
    UNDONE = "undone"
    """The decision before was taken back."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One of them."""

    id: int
    photo: int
    at_s: float
    """Seconds since the epoch."""
    who: str
    verdict: Verdict
    undone: bool
    """Whether it was taken back since."""


def decide(
    db: sqlite3.Connection, photo_id: int, verdict: Verdict, who: str, *, now_s: float
) -> None:
    """Approve or reject what a photo was filed as.

    Raises:
        LedgerTrouble: it is not filed.
    """
    changed = db.execute(
        "UPDATE photo SET decided = ? WHERE id = ? AND state = 'filed'", (verdict, photo_id)
    )
    if changed.rowcount != 1:
        raise LedgerTrouble("only what is filed can be approved or rejected")
    note(db, photo_id, verdict, who, now_s=now_s)


def note(
    db: sqlite3.Connection, photo_id: int, verdict: Verdict, who: str, *, now_s: float
) -> None:
    """Write down who decided what."""
    db.execute(
        "INSERT INTO decision (photo, at_s, who, verdict) VALUES (?, ?, ?, ?)",
        (photo_id, now_s, who, verdict),
    )


def undo(db: sqlite3.Connection, photo_id: int, who: str, *, now_s: float) -> None:
    """Take back the last decision about a photo that was not taken back.

    Of one that was redone, what it was filed as before counts again; no file is touched.

    Raises:
        LedgerTrouble: there is none, or its redoing is under way.
    """
    valid = [one for one in of_photo(db, photo_id) if not one.undone]
    valid = [one for one in valid if one.verdict is not Verdict.UNDONE]
    if not valid:
        raise LedgerTrouble("nothing was decided that could be undone")
    last = valid.pop()
    if last.verdict is Verdict.REDONE:
        redo.take_back(db, photo_id, now_s=now_s)
    elif _state(db, photo_id) != State.FILED:
        raise LedgerTrouble("it is not filed at present")
    before = valid[-1].verdict if valid else None
    db.execute("UPDATE decision SET undone = 1 WHERE id = ?", (last.id,))
    db.execute(
        "UPDATE photo SET decided = ? WHERE id = ?",
        (None if before is Verdict.REDONE else before, photo_id),
    )
    note(db, photo_id, Verdict.UNDONE, who, now_s=now_s)


def of_photo(db: sqlite3.Connection, photo_id: int) -> tuple[Decision, ...]:
    """All decisions about a photo, the oldest first."""
    query = "SELECT * FROM decision WHERE photo = ? ORDER BY id"
    return tuple(_decision(row) for row in db.execute(query, (photo_id,)))


def after(db: sqlite3.Connection, decision_id: int) -> tuple[Decision, ...]:
    """All that came after one."""
    query = "SELECT * FROM decision WHERE id > ? ORDER BY id LIMIT 1000"
    return tuple(_decision(row) for row in db.execute(query, (decision_id,)))


def last(db: sqlite3.Connection) -> int:
    """The id of the latest; 0 if there is none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM decision").fetchone()[0])


def _decision(row: sqlite3.Row) -> Decision:
    return Decision(
        row["id"],
        row["photo"],
        row["at_s"],
        row["who"],
        Verdict(row["verdict"]),
        bool(row["undone"]),
    )


def _state(db: sqlite3.Connection, photo_id: int) -> str | None:
    row = db.execute("SELECT state FROM photo WHERE id = ?", (photo_id,)).fetchone()
    return row and str(row["state"])
