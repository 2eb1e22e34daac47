"""All of it, or nothing; however it ends, what ended it is what is told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from daemon.ledger.transaction import transaction


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    made.execute("CREATE TABLE photo (id INTEGER)")
    return made


def test_what_is_interrupted_is_rolled_back(connection: sqlite3.Connection) -> None:
    def interrupted() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO photo VALUES (1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert connection.execute("SELECT count(*) FROM photo").fetchone() == (0,)
    with transaction(connection):
        connection.execute("INSERT INTO photo VALUES (2)")
    assert connection.execute("SELECT id FROM photo").fetchall() == [(2,)]


def test_what_is_interrupted_and_closed_first_has_nothing_to_add(
    connection: sqlite3.Connection,
) -> None:
    """Python said `Exception ignored in`, and that the database is closed, with a traceback."""

    def interrupted() -> None:
        with transaction(connection):
            connection.close()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
