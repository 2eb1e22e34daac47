"""What the ledger may forget: SQL, each function a part of somebody's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from daemon.ledger import rows, transitions
from daemon.ledger.rows import Entry


def ended_before(
    db: sqlite3.Connection, time_s: float, *, after_id: int, limit: int
) -> tuple[Entry, ...]:
    """Photos that came to their end before a time, in the order of their ids.

    Of those whose originals are yet to be seen to, or that are being redone, none.
    """
    # By rowid: any other index would have all that match sorted, for each portion.
    found = db.execute(
        "SELECT * FROM photo NOT INDEXED WHERE id > ? AND state IN ('filed', 'failed', 'gone')"
        " AND changed_s < ? AND disposed = 1 AND redo IS NULL ORDER BY id LIMIT ?",
        (after_id, time_s, limit),
    ).fetchall()
    return tuple(rows.entry(row, transitions.names(db, row["id"])) for row in found)


def forget(db: sqlite3.Connection, photo_ids: Collection[int]) -> None:
    """Forget photos, with their names and all that they were ever filed as."""
    for table, column in (
        ("name", "photo"),
        ("move", "photo"),
        ("filing", "photo"),
        ("decision", "photo"),
        ("photo", "id"),
    ):
        db.executemany(
            f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - our own tables
            [(photo_id,) for photo_id in photo_ids],
        )


def forget_notices(db: sqlite3.Connection, time_s: float, *, limit: int) -> int:
    """Forget what was told before a time; returns how many there were of so many at most."""
    return db.execute(
        "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at_s < ? ORDER BY id LIMIT ?)",
        (time_s, limit),
    ).rowcount
