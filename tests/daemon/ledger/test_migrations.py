"""A ledger of an older program goes on with this one, and loses nothing on the way."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from daemon.errors import LedgerTrouble
from daemon.ledger import Ledger, State
from daemon.ledger.migrations import VERSION, migrate
from daemon.ledger.schema import _TABLES

FILED = {State.FILED: "{}"}
"""What is known of its filing; only who has some counts as filed."""


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A ledger as version 1 left it, with one photo in each state."""
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(f"{_TABLES} PRAGMA user_version = 1;")
        for number, state in enumerate(State):
            db.execute(
                "INSERT INTO photo (folder, path, device, inode, size_bytes, mtime_ns,"
                " first_seen_s, state, due_s, changed_s, filed)"
                " VALUES (?, ?, 1, ?, 3, 4, 5, ?, 6, 7, ?)",
                (b"/in", b"%d.jpg" % number, number, str(state), FILED.get(state)),
            )
    return path


def test_a_ledger_of_the_first_version_is_taken_over_with_all_its_photos(first: Path) -> None:
    for _ in range(2):  # and again, which changes nothing
        with Ledger.open(first) as ledger:
            assert ledger.counts() == dict.fromkeys(State, 1)
            (waiting,) = ledger.entries(State.WAITING)
            assert waiting.photo.watched_s == 0.0


def test_tables_of_an_old_and_of_a_new_ledger_are_the_same(first: Path, tmp_path: Path) -> None:
    Ledger.open(first).close()
    Ledger.open(tmp_path / "new.sqlite").close()
    query = "SELECT name, sql FROM sqlite_master ORDER BY name"
    with (
        closing(sqlite3.connect(first)) as old,
        closing(sqlite3.connect(tmp_path / "new.sqlite")) as new,
    ):
        assert old.execute(query).fetchall() == new.execute(query).fetchall()
        assert old.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert old.execute("SELECT id FROM identity") != new.execute("SELECT id FROM identity")


def test_who_only_reads_an_older_ledger_is_told_what_to_do(first: Path) -> None:
    with pytest.raises(LedgerTrouble, match=r"of version 1.*the daemon brings it to that"):
        Ledger.open(first, read_only=True)


def test_two_programs_that_take_it_over_at_once_do_it_once(first: Path) -> None:
    errors: list[Exception] = []

    def take_over() -> None:
        with closing(sqlite3.connect(first, isolation_level=None, timeout=20)) as db:
            try:
                migrate(db)
            except sqlite3.Error as error:
                errors.append(error)

    threads = [threading.Thread(target=take_over) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not errors
    with closing(sqlite3.connect(first)) as db:
        assert db.execute("SELECT count(*) FROM identity").fetchone() == (1,)


def test_a_newer_programs_ledger_is_left_alone(first: Path) -> None:
    with closing(sqlite3.connect(first)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerTrouble, match="of version 99, this program of"):
        Ledger.open(first)
