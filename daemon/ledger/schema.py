"""The ledger's tables, and how its file is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from daemon.errors import LedgerTrouble
from daemon.ledger import migrations
from daemon.ledger.migrations import VERSION, migrate, version
from daemon.machine import private

# The first version; migrations.py leads on from it, for new ledgers as for old ones, so that all of
# one version are the same.
#
# Paths are blobs: they are bytes, and text would have to be UTF-8. Inode and device numbers are
# unsigned 64 bit for the kernel, signed here; see rows.py.
_TABLES = """
CREATE TABLE photo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder BLOB NOT NULL,
    path BLOB NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    first_seen_s REAL NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('waiting', 'working', 'publishing', 'retrying', 'filed', 'failed', 'gone')
    ),
    superseded INTEGER NOT NULL DEFAULT 0,
    due_s REAL NOT NULL,
    changed_s REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    filed_on TEXT,
    sha256 TEXT,
    reason TEXT,
    filed TEXT,
    disposed INTEGER NOT NULL DEFAULT 1,
    UNIQUE (folder, path, inode, size_bytes, mtime_ns)
) STRICT;
CREATE INDEX photo_by_due ON photo (due_s, id) WHERE state IN ('waiting', 'retrying');
CREATE INDEX photo_by_state ON photo (state, changed_s);
CREATE INDEX photo_by_content ON photo (sha256, folder) WHERE state = 'filed';
CREATE INDEX photo_to_dispose ON photo (id) WHERE disposed = 0;

CREATE TABLE name (
    results BLOB NOT NULL,
    name BLOB NOT NULL,
    photo INTEGER NOT NULL REFERENCES photo (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (results, name)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX name_by_photo ON name (photo, position);

CREATE TABLE move (
    photo INTEGER NOT NULL REFERENCES photo (id),
    position INTEGER NOT NULL,
    staged BLOB NOT NULL,
    final BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (photo, position)
) STRICT, WITHOUT ROWID;
"""


def connect(path: Path, *, read_only: bool = False, ids_from: int = 0) -> sqlite3.Connection:
    """Open the ledger's file, making or checking its tables.

    Raises:
        LedgerTrouble: it cannot be opened, is no ledger, or a newer program's.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    try:
        if not read_only:
            private.make_file(path)  # SQLite gives its other files the same rights
        # One thread at a time uses it, but not always the same one: the ledger holds a lock.
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _make_tables(connection, ids_from)
            migrate(connection, path)
        found = version(connection)
    except (sqlite3.Error, UnicodeDecodeError, OSError) as error:  # the second of a damaged text
        reason = getattr(error, "strerror", None) or error
        raise LedgerTrouble(f"the ledger {path} cannot be opened: {reason}") from error
    if found != VERSION:
        connection.close()
        raise LedgerTrouble(migrations.trouble(path, found))
    return connection


def _make_tables(connection: sqlite3.Connection, ids_from: int) -> None:
    if version(connection) != 0:
        return
    ids = f"INSERT INTO sqlite_sequence (name, seq) VALUES ('photo', {ids_from:d});"  # noqa: S608 - a number
    connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} {ids} PRAGMA user_version = 1; COMMIT;")
