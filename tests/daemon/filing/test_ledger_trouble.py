"""The ledger fails half way, wherever that is: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from house import BAD, House

from daemon.errors import LedgerTrouble
from daemon.ledger import Ledger, State
from daemon.shelf.disposal import Originals

Begin = Callable[[], None]


class Failing(Ledger):
    """Its disk fails at one write: before, so that nothing was done, or after, and all was."""

    failing_at: int | None = None
    after = False
    writes = 0

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        self.writes += 1
        due = self.writes == self.failing_at
        if due and not self.after:
            raise LedgerTrouble("the ledger: disk I/O error")
        with super()._write() as db:
            yield db
        if due:
            raise LedgerTrouble("the ledger: disk I/O error")


def turn_until_rest(house: House) -> None:
    """Turn as the service does: while the ledger fails, it does nothing, and goes on after."""
    for _ in range(60):
        with contextlib.suppress(LedgerTrouble):
            house.turn()
        if sum(house.ledger.counts()[one] for one in (State.FILED, State.FAILED)) == 4:
            break
        time.sleep(0.001)
    with contextlib.suppress(LedgerTrouble):
        house.turn()


def file_all(root: Path, originals: Originals, failing_at: int | None, *, after: bool) -> int:
    """File three good photos and a bad one; returns how many writes that took."""
    root.mkdir()
    with Failing.open(root / "ledger.sqlite") as ledger:
        house = House(root, ledger)
        house.originals = originals
        house.start()
        good = [house.put(name) for name in ("a.png", "sub/b.png", "c.png")]
        bad = house.put("bad.png", BAD)
        ledger.writes, ledger.failing_at, ledger.after = 0, failing_at, after
        turn_until_rest(house)
        writes = ledger.writes
        house.crash()  # takes up what was begun and nobody knows of; disposes of what is left
        turn_until_rest(house)
        assert all(house.entry(one).state is State.FILED for one in good), failing_at
        assert house.entry(bad).state is State.FAILED
        # Names that were reserved, and nobody heard of it, are gone round.
        assert [name.replace("-2", "") for name in house.filed()] == [
            f"{stem}_{output}.png" for stem in ("a", "c", "sub/b") for output in ("one", "two")
        ]
        reports = [one for one in (house.results / "failed").iterdir() if one.suffix == ".json"]
        assert len(reports) == 1
        assert not list((house.results / ".matted-staging").iterdir())
        originals_left = sorted(path.name for path in house.inbox.rglob("*.png"))
        moved = sorted(path.name for path in house.archive.rglob("*.png"))
        expected = ["a.png", "b.png", "c.png"]
        if originals == "keep":
            assert originals_left == ["a.png", "b.png", "bad.png", "c.png"]
        else:
            assert (originals_left, moved) == ([], expected)
    return writes


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("originals", ["keep", "archive"])
def test_wherever_the_ledger_fails_all_is_filed_once(
    tmp_path: Path, originals: Originals, *, after: bool
) -> None:
    writes = file_all(tmp_path / "whole", originals, None, after=False)
    assert writes > 12
    for failing_at in range(1, writes + 1, 1 if originals == "archive" else 3):
        file_all(tmp_path / str(failing_at), originals, failing_at, after=after)
