"""A ledger of many years is looked through in portions that nobody notices."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from house import House

from daemon.filing.retention import Retention
from daemon.ledger import Ledger
from daemon.log import events

DAYS_S = 86_400


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield House(tmp_path, ledger)


@pytest.mark.faults
@pytest.mark.timeout(900)
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
    retention = Retention(house.ledger, house.filing._destinations, lambda _: None, events.silent())
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
