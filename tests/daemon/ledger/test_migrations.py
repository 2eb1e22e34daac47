"""A ledger of an older program goes on with this one, and loses nothing on the way.

``version-2.sqlite`` is one that the program made as it stood on 2026-11-26 (8bfe800): ten versions
of nine files, in every state.
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from daemon.errors import LedgerTrouble
from daemon.ledger import Ledger, State, migrations
from daemon.ledger.migrations import VERSION, aside, migrate
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


class Interrupted(sqlite3.Connection):
    """Ctrl-C comes just when something has been committed."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        cursor = super().execute(sql, *parameters)
        if sql == "COMMIT":
            raise KeyboardInterrupt
        return cursor


def test_ctrl_c_right_after_the_commit_is_that_and_no_trouble_of_the_ledger(first: Path) -> None:
    """It said that the ledger cannot be opened, since there was nothing to roll back."""
    with closing(sqlite3.connect(first, isolation_level=None, factory=Interrupted)) as db:
        with pytest.raises(KeyboardInterrupt):
            migrate(db, first)
        assert migrations.version(db) == VERSION


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
                migrate(db, first)
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
    before = first.read_bytes()
    for read_only in (False, True):
        with pytest.raises(
            LedgerTrouble, match=r"of version 99, this program of \d+; a newer mat"
        ) as told:
            Ledger.open(first, read_only=read_only)
        assert "install that one again" in str(told.value)
        assert "To go back" not in str(told.value)  # there is nothing to go back to
    assert first.read_bytes() == before


# A ledger that a program in use has made


@pytest.fixture
def second(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    shutil.copy(Path(__file__).with_name("version-2.sqlite"), path)
    return path


def photos(path: Path) -> list[tuple[object, ...]]:
    """All that is known of all photos, as far as version 2 knew it."""
    columns = (
        "id, folder, path, device, inode, size_bytes, mtime_ns, first_seen_s, state, superseded,"
        " due_s, changed_s, attempts, tries, filed_on, sha256, reason, filed, disposed, watched_s"
    )
    with closing(sqlite3.connect(path)) as db:
        tables = ((columns, "photo"), ("*", "name"), ("*", "move"), ("id, 0", "identity"))
        told = [f"SELECT {wanted} FROM {table} ORDER BY 1, 2" for wanted, table in tables]  # noqa: S608 - our own words
        return [row for query in told for row in db.execute(query)]


def test_a_ledger_in_use_is_taken_over_with_all_that_it_knows(second: Path) -> None:
    before = photos(second)
    assert len(before) == 10 + 8 + 2 + 1
    with Ledger.open(second) as ledger:
        assert ledger.counts() == {**dict.fromkeys(State, 1), State.FILED: 3}
        (again,) = ledger.entries(State.RETRYING)
        assert (again.photo.watched_s, again.reason) == (42.5, "the engine ended")
        (kept,) = ledger.kept()
        assert (kept.photo.path, kept.reason) == (b"roll 7/kept\xff.tif", "there is a warning")
        assert ledger.filed_contents("/srv/scans/inbox", 2_400_001) == {"ab" * 32}
        assert [photo.path for photo in ledger.to_dispose()] == [b"todispose.jpg"]
    after = photos(second)
    assert after == before
    with closing(sqlite3.connect(second)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_an_older_program_wrote_is_copied_aside_for_the_owner_alone(second: Path) -> None:
    before = photos(second)
    Ledger.open(second).close()
    copy = aside(second, 2)
    assert photos(copy) == before
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(path.name for path in second.parent.iterdir()) == [second.name, copy.name]
    was = copy.read_bytes()
    Ledger.open(second).close()  # and again, which changes nothing
    assert copy.read_bytes() == was


def test_what_was_not_yet_in_the_file_itself_is_in_the_copy_too(second: Path) -> None:
    """An older program that was killed leaves its last transactions in the log beside the file."""
    with closing(sqlite3.connect(second, isolation_level=None)) as older:
        older.execute("PRAGMA journal_mode = WAL")
        older.execute("UPDATE photo SET reason = 'the last word' WHERE id = 5")
        assert second.with_name("ledger.sqlite-wal").stat().st_size > 0
        Ledger.open(second).close()
        copy = photos(aside(second, 2))
    assert [row for row in copy if row[0] == 5 and "the last word" in row]


def test_a_new_ledger_leaves_no_copy(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.sqlite").close()
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite"]


def test_a_step_that_fails_leaves_the_ledger_as_it_was(
    second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one transaction: a full disk in the second one undoes the first."""
    before = photos(second)
    steps = {**migrations._STEPS, VERSION: ("CREATE TABLE half (id)", "INSERT INTO nothing (id)")}
    monkeypatch.setattr(migrations, "_STEPS", steps)
    with pytest.raises(LedgerTrouble, match="cannot be opened"):
        Ledger.open(second)
    monkeypatch.undo()
    assert photos(second) == before
    with closing(sqlite3.connect(second)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None
    Ledger.open(second).close()


def test_without_a_copy_nothing_is_changed(second: Path) -> None:
    """No room, or no right to write there: the ledger waits as it was, and says why."""
    before = photos(second)
    aside(second, 2).mkdir()
    with pytest.raises(LedgerTrouble, match="cannot be opened: Is a directory"):
        Ledger.open(second)
    assert photos(second) == before
    with closing(sqlite3.connect(second)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


def test_an_older_program_says_what_to_do_and_where_the_way_back_is(
    second: Path,
) -> None:
    """This program plays the older one: the next has been here and left this one's ledger aside."""
    Ledger.open(second).close()
    kept = aside(second, VERSION)
    shutil.copy(second, kept)
    with closing(sqlite3.connect(second)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(LedgerTrouble, match="install that one again") as told:
        Ledger.open(second)
    assert f"rename {kept}" in str(told.value)
    shutil.copy(kept, second)
    Ledger.open(second).close()
