"""From the tables of an older program to those of this one, a version at a time.

Each step is one transaction with the version that it leads to: after a crash it is done again or
was done. Nothing is ever taken away, so that only the newest program has to know the newest tables.
"""

from __future__ import annotations

import sqlite3

from daemon.ledger import notices

VERSION = 3

# For how long a version was watched while it was not ready; when an original was kept against the
# folder's policy, ``reason`` says why; who this ledger is, for results to remember;
# and which photos had been filed before, under another date.
_TO_2 = (
    "ALTER TABLE photo ADD COLUMN watched_s REAL NOT NULL DEFAULT 0",
    "CREATE INDEX photo_kept ON photo (changed_s) WHERE state = 'filed' AND reason IS NOT NULL",
    """CREATE INDEX IF NOT EXISTS photo_unchanged ON photo (changed_s)
       WHERE state = 'filed' AND filed IS NULL""",
    "CREATE TABLE identity (id TEXT NOT NULL) STRICT",
    "INSERT INTO identity VALUES (lower(hex(randomblob(8))))",
)

_STEPS = {1: _TO_2, 2: notices.TABLES}
"""What leads on from each version."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables from whatever version to ``VERSION``; unknown versions are left alone."""
    while (found := version(connection)) in _STEPS:
        connection.execute("BEGIN IMMEDIATE")
        if version(connection) == found:  # else another process has just done it
            for statement in _STEPS[found]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {found + 1}")
        connection.execute("COMMIT")


def version(connection: sqlite3.Connection) -> int:
    """Of the tables; 0 where there are none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
