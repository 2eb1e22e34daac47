"""From the tables of an older program to those of this one.

All steps are one transaction: after a crash all of it is done again or was done. The ledger as the
older program left it is copied aside before, for whoever wants to go back. Nothing is ever taken
away, so that only the newest program has to know the newest tables.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from daemon.ledger import decisions, notices, redo, tallies
from daemon.ledger.transaction import transaction
from daemon.machine import private
from matting.small_file import sync

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
# Which contents a photo of this size may be a duplicate of, asked before it is worked on.
_TO_3 = (
    """CREATE INDEX photo_by_size ON photo (folder, size_bytes, sha256)
       WHERE state = 'filed' AND sha256 IS NOT NULL""",
)
# How many reasons there are to look at what was filed, to find those that have any.
_TO_6 = (
    "ALTER TABLE photo ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX photo_flagged ON photo (changed_s) WHERE state = 'filed' AND flagged > 0",
)

_STEPS = {
    1: _TO_2,
    2: _TO_3,
    3: notices.TABLES,
    4: redo.TABLES,
    5: _TO_6,
    6: decisions.TABLES,
    7: tallies.TABLES,
}
"""What leads on from each version."""
VERSION = max(_STEPS) + 1


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables from whatever version to ``VERSION``; unknown versions are left alone.

    Args:
        connection: in no transaction.
        path: the ledger's file. What it held before lies beside it afterwards, as ``aside`` says;
            of a new ledger, which has no photos, nothing is kept.

    Raises:
        OSError: it cannot be copied aside, and was left as it is.
        sqlite3.Error: likewise.
    """
    if version(connection) not in _STEPS:
        return
    with transaction(connection):
        found = version(connection)  # another process may just have done it
        if found in _STEPS and _has_photos(connection):
            _copy_aside(path, found)
        while found in _STEPS:
            for statement in _STEPS[found]:
                connection.execute(statement)
            found += 1
            connection.execute(f"PRAGMA user_version = {found}")


def version(connection: sqlite3.Connection) -> int:
    """Of the tables; 0 where there are none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def aside(path: Path, older: int) -> Path:
    """Where a newer program leaves the ledger as a program of an older version wrote it."""
    return path.with_name(f"{path.name}.version-{older}")


def trouble(path: Path, found: int) -> str:
    """Why a ledger of another version is not used, and what to do; one line."""
    told = f"the ledger {path} is of version {found}, this program of {VERSION}"
    if 0 < found < VERSION:
        return f"{told}; the daemon brings it to that when it starts"
    told += "; a newer matted has used it: install that one again, or a later one"
    if (kept := aside(path, VERSION)).exists():
        told += (
            f". To go back all the same, with no matted running, move it away, its -wal and -shm"
            f" too, and rename {kept} to it; what was filed since will be filed once more"
        )
    return told


def _has_photos(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM photo LIMIT 1").fetchone() is not None


def _copy_aside(path: Path, older: int) -> None:
    """Copy what is committed, while nobody else can write; replaces an older copy when whole."""
    kept = aside(path, older)
    draft = kept.with_name(f"{kept.name}.part")
    draft.unlink(missing_ok=True)
    private.make_file(draft)
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(draft)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
    sync(draft)
    draft.replace(kept)
    sync(kept.parent)
