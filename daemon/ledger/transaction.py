"""One transaction: all of it, or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done within, or roll it back if that raises, signals' exceptions included.

    Args:
        connection: in no transaction, and in autocommit mode.

    Raises:
        sqlite3.Error: the ledger cannot be read or written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself rolls back when the disk is full, and Ctrl-C may come right after COMMIT, or
        # leave this to be ended with all else that is, after the ledger was closed.
        with suppress(sqlite3.ProgrammingError):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
