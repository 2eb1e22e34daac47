"""What a ledger is asked: answered rightly, and without going through all of its photos."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ledger_photos import DAY, FACTS, MOVES, RESULTS, claimed, noticed, seen

from daemon.ledger import Ledger, State
from matting.judgement.flag import Flag


def test_the_latest_come_first_and_not_all(ledger: Ledger) -> None:
    for number in range(5):
        photo = noticed(ledger, seen(path=str(number).encode()))
        ledger.failed(photo.id, "bad", now_s=100.0 + number)
    found = ledger.entries(State.FAILED, limit=2)
    assert [entry.photo.path for entry in found] == [b"4", b"3"]
    assert ledger.counts()[State.FAILED] == 5


@pytest.mark.usefixtures("untraced")
def test_a_backlog_of_20000_does_not_slow_down_claiming(ledger: Ledger) -> None:
    """Measured at 2 ms a claim, nearly all of it the sync to disk."""
    ledger.notice_all([seen(path=f"{n}.jpg".encode()) for n in range(20_000)], 100.0)
    took_s = []
    for _ in range(50):
        start = time.perf_counter()
        claimed(ledger)
        took_s.append(time.perf_counter() - start)
    assert sorted(took_s)[25] < 0.05
    plan = "EXPLAIN QUERY PLAN SELECT id FROM photo INDEXED BY photo_by_due"
    rest = " WHERE state IN ('waiting', 'retrying') AND due_s <= 5 ORDER BY due_s, id LIMIT 1"
    steps = [row["detail"] for row in ledger._connection.execute(plan + rest)]
    assert not any("B-TREE" in step for step in steps)


ASKED = {
    "how many photos there are": "counts",
    "what is due next": "next_due_s",
    "what has waited longest": "oldest_open_s",
    "whose sources are to follow": "to_dispose",
    "what a run left undone": "recover",
    "what stays against the policy": "kept",
    "what is to be looked at": "flagged",
    "which folders have photos that wait": "folders",
}


@pytest.mark.parametrize("question", ASKED.values(), ids=ASKED)
def test_no_question_is_answered_by_going_through_all_photos(ledger: Ledger, question: str) -> None:
    """A year's million filed photos are no reason for `status` to be slow, or the next claim."""
    steps = plans_of(ledger, getattr(ledger, question))
    assert steps
    # An index with a condition has the few that wait, or are flagged; those may all be looked at.
    few = ("photo_by_due", "photo_to_dispose", "photo_kept", "photo_flagged", "photo_unchanged")
    scans = [step for step in steps if step.startswith("SCAN") and "tally" not in step]
    assert all(any(name in step for name in few) for step in scans), steps
    # All that were ever filed are in this one.
    assert not any("photo_by_state (state=? AND changed_s" in step for step in steps), steps


@pytest.mark.parametrize("ends", ["filed", "failed", "retry", "give_back", "gone"])
def test_a_photo_s_whole_way_goes_through_no_other_photo(ledger: Ledger, ends: str) -> None:
    def way() -> None:
        photo = noticed(ledger, seen(path=b"new.jpg"))
        claimed(ledger)
        ledger.known_sha256(photo.folder, photo.path)
        ledger.filed_contents(photo.folder, 3)
        ledger.fix(photo.id, DAY, RESULTS, (b"new.png",))
        ledger.plan(photo.id, MOVES, FACTS, now_s=200.0)
        {
            "filed": lambda: ledger.filed(photo.id, dispose=False, now_s=200.0),
            "failed": lambda: ledger.failed(photo.id, "bad", now_s=200.0),
            "retry": lambda: ledger.retry(photo.id, 300.0, "bad", free=False, now_s=200.0),
            "give_back": lambda: ledger.give_back(photo.id, now_s=200.0),
            "gone": lambda: ledger.gone(photo.id, now_s=200.0),
        }[ends]()

    assert not [step for step in plans_of(ledger, way) if "SCAN" in step and "by_due" not in step]


def plans_of(ledger: Ledger, ask: Callable[[], Any]) -> list[str]:
    """How SQLite carries out all that is asked meanwhile, as EXPLAIN QUERY PLAN has it."""
    connection, asked = ledger._connection, list[str]()
    connection.set_trace_callback(asked.append)
    try:
        ask()
    finally:
        connection.set_trace_callback(None)
    spoken = ("SELECT", "UPDATE", "DELETE", "INSERT")
    return [
        row["detail"]
        for statement in asked
        if statement.startswith(spoken)
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]


def test_the_tally_is_what_counting_finds(ledger: Ledger) -> None:
    """On the way through the states, too, and when photos are forgotten."""
    for number in range(4):
        noticed(ledger, seen(path=b"%d.jpg" % number))
    claimed(ledger)
    ledger.failed(claimed(ledger).id, "bad", now_s=200.0)
    db = ledger._connection
    db.execute("DELETE FROM photo WHERE path = '3.jpg' OR path = x'332e6a7067'")
    query = "SELECT state, count(*) AS n FROM photo GROUP BY state"
    found = {row["state"]: row["n"] for row in db.execute(query)}
    assert {state: n for state, n in ledger.counts().items() if n} == found
    assert found == {"waiting": 1, "working": 1, "failed": 1}


def test_what_is_to_be_looked_at_is_found_by_the_day(ledger: Ledger) -> None:
    """Flags come back as they were, and only photos that have some are told of."""
    place = Flag("hole", 3.5, (10, 20, 30, 40))
    nowhere = Flag("nobody", 1.0, None)
    for number, flags in enumerate(((), (place,), (place, nowhere))):
        photo = noticed(ledger, seen(path=b"%d.jpg" % number))
        claimed(ledger)
        ledger.fix(photo.id, DAY, RESULTS, (b"%d.png" % number,))
        facts = replace(FACTS, flags=flags, sha256=f"{number:064}")
        ledger.plan(photo.id, MOVES, facts, now_s=200.0 + number)
        ledger.filed(photo.id, dispose=False, now_s=200.0 + number)
    assert ledger.count_flagged_since(0) == 2
    assert ledger.count_flagged_since(202) == 1
    found = ledger.flagged(0)
    assert [entry.photo.path for entry in found] == [b"2.jpg", b"1.jpg"]
    assert [entry.filed.flags for entry in found if entry.filed] == [(place, nowhere), (place,)]
    assert len(ledger.flagged(0, limit=1)) == 1
