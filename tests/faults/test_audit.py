"""The audit itself finds what it is there to find: each breach is made by hand."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from audit import Account, Place, Sent, audit, coded, number_in
from harness import Daemon
from summary import Tally

Make = Callable[..., Daemon]
TWO = {"preprocess": [], "outputs": [{"matte": {}}, {"matte": {"name": "fine", "bits": 16}}]}


@pytest.fixture
def filed(daemon: Make) -> tuple[Daemon, list[Sent]]:
    """A stopped daemon that has filed three photos and given up one file."""
    one = daemon(folder={"give_up_s": 0}, profiles={"plain": TWO})
    sent = []
    for number in (1, 42, 9876):
        content = coded(number)
        (one.inbox / f"{number}.png").write_bytes(content)
        sent.append(Sent.of(f"{number}.png", content, number))
    (one.inbox / "bad.png").write_bytes(b"no photo at all")
    sent.append(Sent.of("bad.png", b"no photo at all", None))
    one.start()
    one.await_("photo.filed", count=3)
    one.await_("photo.quarantined")
    one.stop()
    return one, sent


def test_what_went_well_is_found_without_fault(filed: tuple[Daemon, list[Sent]]) -> None:
    one, sent = filed
    account = audit(Place.below(one.root), sent)
    assert account.faults == ()
    assert (account.sent, account.filed, account.quarantined) == (4, 3, 1)
    assert (account.lost, account.doubled, account.half) == (0, 0, 0)


def test_each_breach_of_the_promise_is_found(filed: tuple[Daemon, list[Sent]]) -> None:
    """One after the other, since starting a daemon for each would take a minute."""
    one, sent = filed
    place = Place.below(one.root)
    matte = next(one.results.rglob("42_matte.png"))
    whole = matte.read_bytes()

    matte.write_bytes(whole[:-20])
    assert audit(place, sent).half == 1
    matte.write_bytes(next(one.results.rglob("9876_matte.png")).read_bytes())
    assert number_in(matte) == 9876
    assert audit(place, sent).half == 1
    matte.unlink()
    missing = audit(place, sent)
    assert (missing.half, missing.lost) == (1, 1)
    matte.write_bytes(whole)

    stray = matte.with_name("stray.png")
    os.link(matte, stray)
    assert audit(place, sent).half == 1
    stray.unlink()

    unseen = Sent.of("never.png", b"x", 5)
    assert audit(place, [*sent, unseen]).lost == 2  # neither result nor original
    left = one.results / ".matted-staging" / "left"
    left.touch()
    assert "left behind" in audit(place, sent).faults[0]
    left.unlink()

    report = next(one.results.glob("failed/*.json"))
    report.with_name("again.json").write_bytes(report.read_bytes())
    assert audit(place, sent).doubled == 1
    report.with_name("again.json").unlink()

    original = one.inbox / "42.png"
    original.rename(one.root / "42.png")
    assert audit(place, sent).lost == 1
    (one.root / "42.png").rename(original)

    with closing(sqlite3.connect(place.state / "ledger.sqlite")) as db:
        told = "INSERT INTO notice (at_s, kind, document) SELECT at_s, kind, document FROM notice"
        db.execute(f"{told} WHERE kind = 'filed' LIMIT 1")
        db.commit()
        assert "was told 2 times" in audit(place, sent).faults[0]
        db.execute("DELETE FROM notice WHERE id = (SELECT max(id) FROM notice)")
        db.commit()

        earlier = (
            "INSERT INTO filing (photo, filed_s, results, names, filed)"
            " SELECT id, 0, x'', ?, '{}' FROM photo WHERE state = 'filed'"
        )
        db.execute(earlier, (json.dumps(["gone_matte.png"]),))
        db.commit()
        redone = audit(place, sent)
        assert "gone_matte.png is missing" in redone.faults
        assert any("was told 1 times, not 2" in fault for fault in redone.faults)
        assert redone.half == 3
        db.execute("DELETE FROM filing")
        db.commit()
    assert audit(place, sent).faults == ()


def test_what_several_processes_counted_is_added_up() -> None:
    """Files of tests may run side by side; the last lines of ``make faults`` tell of all."""
    total, one = Tally(crash_points=2), Tally(crash_points=3, kills=1)
    one.add(Account(sent=5, filed=4, lost=1, faults=("lost: a.png",)))
    total.take_in(json.loads(json.dumps(one.to_json())))
    assert (total.crash_points, total.kills, total.audits) == (5, 1, 1)
    assert total.account == Account(sent=5, filed=4, lost=1, faults=("lost: a.png",))
