"""The ledger's file: opened and closed, read and written by one thread at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from daemon.errors import LedgerTrouble
from daemon.ledger import schema
from daemon.ledger.transaction import transaction
from matting.closing import Closing


class Database(Closing):
    """Transactions; what happens in them is ``Records``' and ``Ledger``'s."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, ids_from: int = 0) -> Self:
        """Open it, and make it where it is missing, unless it is only read.

        Args:
            path: its file.
            read_only: whether to leave it as it is, missing or not.
            ids_from: photos in a new ledger get ids above this one.

        Raises:
            LedgerTrouble: it cannot be opened.
        """
        return cls(schema.connect(path, read_only=read_only, ids_from=ids_from), path)

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """All of it, durably, or nothing."""
        with self._read() as db, transaction(db):
            yield db

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except (sqlite3.Error, UnicodeDecodeError) as error:  # the second of a damaged text
                raise LedgerTrouble(f"the ledger: {error}") from error
