"""What is old is forgotten, and nothing that would be filed again for that."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from house import BAD, House

from daemon.filing.retention import Retention
from daemon.ledger import Ledger, State
from daemon.log import events
from daemon.photo import Sighting, Version

DAYS_S = 86_400


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield House(tmp_path, ledger)


def age(house: House, days: int) -> None:
    """As if all in the ledger were so many days older."""
    with closing(sqlite3.connect(house.ledger.path)) as db:
        db.execute("UPDATE photo SET changed_s = changed_s - ?", (days * DAYS_S,))
        db.execute("UPDATE notice SET at_s = at_s - ?", (days * DAYS_S,))
        db.commit()


def forget(house: House, keep_days: int | None = 30) -> None:
    house.filing.serve(house.destinations, keep_days=keep_days)
    house.filing.turn()


def left(house: House) -> set[int]:
    found = (entry for state in State for entry in house.ledger.entries(state))
    return {entry.photo.id for entry in found}


def test_only_what_is_old_and_whose_original_is_gone_is_forgotten(house: House) -> None:
    kept, moved = house.put("kept.png"), house.put("moved.png")
    house.turn_until_rest()
    (house.inbox / "moved.png").unlink()
    age(house, 31)
    fresh = house.put("fresh.png")
    house.turn_until_rest()
    (house.inbox / "fresh.png").unlink()
    forget(house, None)
    assert left(house) == {kept, moved, fresh}
    forget(house)
    assert left(house) == {kept, fresh}
    assert "moved_one.png" in house.filed(), "results are nobody's to remove"
    version = Version.of((house.inbox / "kept.png").lstat())
    seen = Sighting(str(house.inbox), b"kept.png", version, 0.0)
    assert house.ledger.notice(seen, time.time()) is None, "it is known, and not filed twice"
    with closing(sqlite3.connect(house.ledger.path)) as db:
        told = [json.loads(text)["photo"] for (text,) in db.execute("SELECT document FROM notice")]
    assert told == [fresh]


def test_the_report_of_a_photo_goes_with_it_but_not_from_beside_its_original(house: House) -> None:
    gone, there = house.put("gone.png", BAD), house.put("there.png", BAD)
    house.turn_until_rest()
    (house.inbox / "gone.png").unlink()
    original = house.results / "failed" / f"there-{there}.png"
    (house.inbox / "there.png").rename(original)
    age(house, 31)
    forget(house)
    assert left(house) == {there}
    assert sorted(os.listdir(house.results / "failed")) == [
        f"there-{there}.json",
        f"there-{there}.png",
    ]
    assert gone not in left(house)


def test_what_cannot_be_seen_is_not_taken_for_gone(house: House) -> None:
    photo = house.put("a.png")
    house.turn_until_rest()
    age(house, 31)
    house.inbox.rename(house.root / "away")
    house.filing.serve(house.destinations, keep_days=30)
    house.filing.turn(paused_folders=[str(house.inbox)])
    assert left(house) == {photo}


@pytest.mark.faults
def test_a_million_photos_are_looked_through_without_holding_anybody_up(house: House) -> None:
    """Each turn is short, and all are done in a day."""
    count, old_s = 1_000_000, time.time() - 100 * DAYS_S
    folder = os.fsencode(str(house.inbox))
    with closing(sqlite3.connect(house.ledger.path)) as db:
        db.executemany(
            "INSERT INTO photo (folder, path, device, inode, size_bytes, mtime_ns, first_seen_s,"
            " state, due_s, changed_s, sha256, filed, disposed)"
            " VALUES (?, ?, 1, ?, 3, 4, 5, 'filed', 6, ?, 'ab', NULL, 1)",
            ((folder, b"%d.png" % number, number, old_s) for number in range(count)),
        )
        db.commit()
    retention = Retention(house.ledger, house.filing._destinations, events.silent())
    longest_s, turns = 0.0, 0
    while left_over(house):
        began_s = time.monotonic()
        retention._at_s = 0.0
        retention.turn(30)
        longest_s = max(longest_s, time.monotonic() - began_s)
        turns += 1
    assert turns <= count // 500 + 1
    assert longest_s < 5


def left_over(house: House) -> bool:
    with closing(sqlite3.connect(house.ledger.path)) as db:
        return bool(db.execute("SELECT EXISTS (SELECT 1 FROM photo)").fetchone()[0])
