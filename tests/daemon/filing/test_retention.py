"""What is old is forgotten, and nothing that would be filed again for that."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
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
    house.turn()


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


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_folder_that_is_not_itself_has_lost_nothing(house: House, when: str) -> None:
    """Its disk goes away between two scans: nobody has noticed, and no file is there."""
    photo = house.put("a.png")
    house.turn_until_rest()
    age(house, 31)
    away = house.root / "away"
    house.inbox.rename(away)
    house.inbox.mkdir()
    asked = []

    def absent(folder: str) -> str | None:
        asked.append(folder)
        return None if when == "while" and len(asked) == 1 else "nothing is mounted there"

    Retention(house.ledger, house.filing._destinations, absent, events.silent()).turn(30)
    assert asked
    assert left(house) == {photo}
    house.inbox.rmdir()
    away.rename(house.inbox)


def test_a_folder_without_its_marker_has_lost_nothing(house: House) -> None:
    photo = house.put("a.png")
    house.turn_until_rest()
    (house.inbox / "a.png").unlink()
    age(house, 31)
    marked = replace(house.destination(), marker=house.inbox / ".scans-here")
    house.destinations = {str(house.inbox): marked}
    forget(house)
    assert left(house) == {photo}
    (house.inbox / ".scans-here").touch()
    house.filing._retention._at_s = 0.0
    forget(house)
    assert left(house) == set()


def test_what_cannot_be_seen_is_not_taken_for_gone(house: House) -> None:
    photo = house.put("a.png")
    house.turn_until_rest()
    age(house, 31)
    house.inbox.rename(house.root / "away")
    house.filing.serve(house.destinations, keep_days=30)
    house.filing.turn(paused_folders=[str(house.inbox)])
    assert left(house) == {photo}
