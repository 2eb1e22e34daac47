"""`matted status` and the page say how the stations stand, whoever runs or not."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from daemon.cli import app
from daemon.ledger import Ledger
from daemon.machine.lock import Lock
from daemon.service import status
from daemon.service.status import Condition
from daemon.stations import standing
from daemon.stations.book import Book
from daemon.stations.standing import BOOK, LOCK

FAILS = [sys.executable, "-c", "import sys; sys.exit('no such model')", "{picture}", "{answer}"]
COPY = [sys.executable, "-c", "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"]
COPY += ["{picture}", "{answer}"]


def test_a_station_that_is_away_is_told_since_when_and_why(house: Any, await_: Any) -> None:
    house.hand_over()
    program = house.root / "restore"
    house.worker("command", command=[str(program), "{picture}", "{answer}"]).start()

    def only() -> Any:
        (one,) = standing.read(house.root).stations
        return one

    await_(lambda: only().away_s)
    assert (only().waiting, only().failed) == (1, 0)
    assert only().since_s <= only().away_s <= time.time()
    assert only().reason == f"{program} cannot be started: No such file or directory"
    assert standing.read(house.root).troubled
    program.write_text('#!/bin/sh\ncp "$1" "$2"\n')
    program.chmod(0o755)
    assert house.ended() == "filed"
    assert standing.read(house.root).stations == (), "nothing is left to be told"
    (handed,) = standing.of_photo(house.root, 1, "a" * 32)
    assert (handed.station, handed.state) == ("station", "filed")
    assert standing.of_photo(house.root, 1, "of another ledger") == ()


def test_what_was_given_up_is_told_and_asked_again_where_somebody_wishes_it(house: Any) -> None:
    assert "no such model" in house.asked("command", command=FAILS)
    found = standing.read(house.root)
    assert [one.failed for one in found.stations] == [1]
    (given_up,) = found.failed
    assert (given_up.photo, given_up.path) == (1, "IMG_1.png")
    assert "no such model" in str(given_up.reason)
    assert len(house.reports()) == 1
    house.workers[0].stop()
    assert house.book.again(time.time()) == 1
    house.worker("command", command=COPY).start()
    assert house.ended() == "filed"
    assert house.filed() == ["IMG_1_restored.png"]
    assert house.reports() == [], "nor is there a report on it any more"
    assert standing.read(house.root).failed == ()


def test_a_book_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / BOOK) as db:
        db.executescript(
            "CREATE TABLE handover (id INTEGER PRIMARY KEY AUTOINCREMENT, ledger TEXT NOT NULL,"
            " notice INTEGER NOT NULL, station TEXT NOT NULL, document TEXT NOT NULL,"
            " state TEXT NOT NULL, since_s REAL NOT NULL, due_s REAL NOT NULL,"
            " attempts INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, reason TEXT,"
            " plan TEXT, UNIQUE (ledger, notice, station)) STRICT;"
            "INSERT INTO handover (ledger, notice, station, document, state, since_s, due_s)"
            " VALUES ('a', 1, '/in: one', '{}', 'failed', 0, 0)"
        )
    db.close()
    with Book(tmp_path / BOOK) as book:
        book.add("a", 2, ["/in: one"], {"photo": 4, "path": "x"}, 5.0)
        assert book.again(6.0) == 0, "what the first version had forgotten cannot be sent again"
    (one,) = standing.read(tmp_path).stations
    assert (one.name, one.folder, one.waiting, one.failed) == ("one", "/in", 1, 1)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A daemon's, which has run, with one station."""
    station = {"command": {"name": "restored", "command": ["restore"]}}
    folder = {"watch": "inbox", "results": "results", "handover": [station]}
    file = tmp_path / "matted.yaml"
    file.write_text(yaml.safe_dump({"state_dir": "state", "folders": [folder]}))
    (tmp_path / "state").mkdir()
    Ledger.open(tmp_path / "state" / "ledger.sqlite").close()
    return file


def test_status_says_that_nobody_hands_anything_over(settings: Path) -> None:
    state = settings.parent / "state"
    done = CliRunner().invoke(app(), ["status", "--config", str(settings)])
    told = " ".join(done.output.split())
    assert "stations` is not running: nothing is handed over" in told
    assert "inbox: station restored: nothing waits" in told
    key = f"{settings.parent / 'inbox'}: restored"
    with Lock(state), Lock(state / LOCK):
        now = status.read(state, (key,))
        assert (now.stations.running, now.condition) == (True, Condition.WELL)
        with Book(state / BOOK) as book:
            book.add("a", 1, [key], {"path": "emma\x1b[31m.png", "photo": 7}, time.time())
            (entry,) = (each for each in [book.due(key, 1e12)] if each)
            assert status.read(state, (key,)).condition is Condition.WELL
            book.failed(entry, "it was too late", time.time())
        assert status.read(state, (key,)).condition is Condition.HANDOVERS
        done = CliRunner().invoke(app(), ["status", "--config", str(settings)])
    assert done.exit_code == 14
    assert "emma\\x1b[31m.png" in done.output, "no escape reaches the terminal"
    assert "it was too late" in done.output
    done = CliRunner().invoke(app(), ["stations", "--again", "--config", str(settings)])
    assert done.output == "1 given up before will be asked about again\n"
    assert status.read(state, (key,)).stations.stations[0].waiting == 1


def test_a_book_that_cannot_be_read_is_said_and_hides_nothing_else(settings: Path) -> None:
    state = settings.parent / "state"
    (state / BOOK).write_bytes(b"no database" * 100)
    now = status.read(state)
    assert "the book of the stations: file is not a database" in str(now.stations.unreadable)
    assert standing.of_photo(state, 1, "a") == ()
    done = CliRunner().invoke(app(), ["status", "--config", str(settings)])
    assert "file is not a database" in done.output
