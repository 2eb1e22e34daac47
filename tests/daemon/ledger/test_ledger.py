"""The ledger remembers, whatever happens to its process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from daemon.errors import LedgerTrouble, NameTaken
from daemon.filed import Filed
from daemon.ledger import Ledger, State
from daemon.photo import Photo, Sighting, Version
from daemon.plan import Move
from matting.judgement.flag import Flag

RESULTS = Path("/results")
DAY = date(2026, 3, 1)
ONE = Version(device=1, inode=7, size_bytes=10, mtime_ns=5)
NEXT = replace(ONE, mtime_ns=6)
FACTS = Filed(
    names=(b"a_matte.png",),
    size=(640, 480),
    engine="people",
    device="cpu",
    people=2,
    sha256="ab" * 32,
    took_s={"matte": 1.5},
    warnings=("only page 1 of 3",),
)
MOVES = (Move(b".matted-staging/1-1/0.png", b"a_matte.png", 5, "cd" * 32),)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def seen(version: Version = ONE, path: bytes = b"a.jpg", folder: str = "/in") -> Sighting:
    return Sighting(folder, path, version, 0.0)


def noticed(ledger: Ledger, sighting: Sighting | None = None, now_s: float = 100.0) -> Photo:
    photo = ledger.notice(sighting or seen(), now_s)
    assert photo is not None
    return photo


def claimed(ledger: Ledger, now_s: float = 100.0) -> Photo:
    photo = ledger.claim(now_s)
    assert photo is not None
    return photo


def state(ledger: Ledger, photo: Photo) -> State:
    entry = ledger.entry(photo.id)
    assert entry is not None
    return entry.state


# Coming in


def test_a_settled_version_waits_and_is_known_from_then_on(ledger: Ledger) -> None:
    photo = noticed(ledger)
    assert (photo.folder, photo.path, photo.version) == ("/in", b"a.jpg", ONE)
    assert (photo.attempts, photo.tries, photo.first_seen_s) == (0, 0, 100.0)
    assert state(ledger, photo) is State.WAITING
    assert ledger.notice(seen(), 200.0) is None


@pytest.mark.parametrize(
    "change", [{"inode": 8}, {"size_bytes": 11}, {"mtime_ns": -3}, {"inode": 2**64 - 1}]
)
def test_a_change_of_inode_size_or_mtime_is_a_new_version(
    ledger: Ledger, change: dict[str, int]
) -> None:
    old = noticed(ledger)
    new = noticed(ledger, seen(replace(ONE, **change)))
    assert new.id != old.id
    assert new.version == replace(ONE, **change)


def test_a_new_device_number_is_no_new_version(ledger: Ledger) -> None:
    """Many file systems get one at every mount: all photos would be done again after a reboot."""
    noticed(ledger)
    elsewhere = replace(ONE, device=2**64 - 5)
    assert ledger.notice(seen(elsewhere), 200.0) is None
    assert claimed(ledger).version == elsewhere


def test_names_need_not_be_text(ledger: Ledger) -> None:
    folder = b"/in/caf\xe9".decode("utf-8", "surrogateescape")
    photo = noticed(ledger, seen(path=b"two\nlines\xff.jpg", folder=folder))
    assert (photo.folder, photo.path) == (folder, b"two\nlines\xff.jpg")
    assert ledger.pending(folder) == {b"two\nlines\xff.jpg": photo.id}


def test_a_new_version_ends_an_older_one_that_waits_or_retries(ledger: Ledger) -> None:
    first = noticed(ledger)
    second = noticed(ledger, seen(NEXT))
    assert state(ledger, first) is State.GONE
    assert claimed(ledger).id == second.id
    ledger.retry(second.id, 110.0, "busy", free=True, now_s=100.0)
    third = noticed(ledger, seen(replace(ONE, mtime_ns=7)))
    assert state(ledger, second) is State.GONE
    assert claimed(ledger, 1e6).id == third.id
    assert ledger.claim(1e6) is None


def test_a_version_at_work_ends_once_it_fails_if_a_newer_one_was_noticed(ledger: Ledger) -> None:
    old = noticed(ledger)
    claimed(ledger)
    new = noticed(ledger, seen(NEXT))
    assert state(ledger, old) is State.WORKING
    assert ledger.retry(old.id, 100.0, "changed", free=True, now_s=100.0) is State.GONE
    assert claimed(ledger).id == new.id


def test_a_file_that_changes_back_is_the_version_it_was(ledger: Ledger) -> None:
    old = noticed(ledger)
    new = noticed(ledger, seen(NEXT))
    back = noticed(ledger, seen())
    assert back.id == old.id
    assert state(ledger, new) is State.GONE
    assert claimed(ledger).id == old.id


def test_a_version_at_work_that_changes_away_and_back_is_still_wanted(ledger: Ledger) -> None:
    old = noticed(ledger)
    claimed(ledger)
    new = noticed(ledger, seen(NEXT))
    assert ledger.notice(seen(), 100.0) is None
    assert state(ledger, new) is State.GONE
    assert ledger.retry(old.id, 100.0, "busy", free=True, now_s=100.0) is State.RETRYING


def test_a_file_that_went_and_came_back_waits_again_with_its_attempts(ledger: Ledger) -> None:
    photo = noticed(ledger)
    claimed(ledger)
    ledger.gone(photo.id, now_s=110.0)
    back = noticed(ledger, now_s=200.0)
    assert (back.id, back.attempts, back.first_seen_s) == (photo.id, 1, 200.0)


def test_many_versions_are_noticed_in_one_transaction(ledger: Ledger) -> None:
    sightings = [seen(path=f"{number}.jpg".encode()) for number in range(1000)]
    noticed(ledger, sightings[5])
    assert len(ledger.notice_all(sightings, 100.0)) == 999
    assert ledger.counts()[State.WAITING] == 1000


# Being worked on


def test_the_attempt_is_on_disk_before_the_work_starts(tmp_path: Path) -> None:
    """A photo that kills the machine still counts."""
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        noticed(ledger)
    program = (
        "import os, sys, signal; from pathlib import Path; from daemon.ledger import Ledger;"
        "assert Ledger.open(Path(sys.argv[1])).claim(100.0);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    for attempts in (1, 2, 3):
        assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -9
        with Ledger.open(path) as ledger:
            (photo,) = ledger.recover().working
            assert photo.attempts == photo.tries == attempts
            ledger.retry(photo.id, 100.0, "the daemon died", free=False, now_s=100.0)


def test_the_photo_that_has_been_due_longest_comes_first(ledger: Ledger) -> None:
    first = noticed(ledger, seen(path=b"1.jpg"), now_s=100.0)
    second = noticed(ledger, seen(path=b"2.jpg"), now_s=101.0)
    third = noticed(ledger, seen(path=b"3.jpg"), now_s=101.0)
    assert claimed(ledger, 200.0).id == first.id
    ledger.retry(first.id, 150.0, "busy", free=False, now_s=120.0)
    assert [claimed(ledger, 200.0).id for _ in range(3)] == [second.id, third.id, first.id]
    assert ledger.claim(200.0) is None


def test_a_retry_is_not_due_before_its_time(ledger: Ledger) -> None:
    photo = noticed(ledger)
    claimed(ledger)
    ledger.retry(photo.id, 130.0, "busy", free=False, now_s=100.0)
    assert ledger.next_due_s() == 130.0
    assert ledger.claim(129.9) is None
    again = claimed(ledger, 130.0)
    assert (again.attempts, again.tries) == (2, 2)


def test_a_clock_that_was_set_back_keeps_no_photo_waiting_for_years(ledger: Ledger) -> None:
    noticed(ledger, now_s=2e9)
    assert claimed(ledger, 1.7e9).path == b"a.jpg"


def test_a_free_retry_gives_the_attempt_back_but_remembers_the_try(ledger: Ledger) -> None:
    photo = noticed(ledger)
    for tries in (1, 2, 3):
        again = claimed(ledger)
        assert (again.attempts, again.tries) == (1, tries)
        ledger.retry(photo.id, 100.0, "busy", free=True, now_s=100.0)
    entry = ledger.entry(photo.id)
    assert entry is not None
    assert (entry.reason, entry.state, entry.photo.attempts) == ("busy", State.RETRYING, 0)


def test_what_is_given_back_is_as_if_it_had_not_begun(ledger: Ledger) -> None:
    photo = noticed(ledger)
    claimed(ledger)
    ledger.give_back(photo.id, now_s=100.0)
    again = claimed(ledger)
    assert (again.attempts, again.tries) == (1, 1)


def test_paused_folders_are_left_alone(ledger: Ledger) -> None:
    noticed(ledger, seen(folder="/away"), now_s=50.0)
    other = noticed(ledger)
    assert ledger.claim(100.0, without=["/away", "/in"]) is None
    photo = ledger.claim(100.0, without=["/away"])
    assert photo is not None
    assert photo.id == other.id


# Names


def test_date_and_names_are_decided_once_and_kept_by_every_retry(ledger: Ledger) -> None:
    photo = noticed(ledger)
    claimed(ledger)
    fixed = ledger.fix(photo.id, DAY, RESULTS, [b"z.png", b"a.png"])
    assert (fixed.filed_on, fixed.names) == (DAY, (b"z.png", b"a.png"))
    ledger.retry(photo.id, 100.0, "busy", free=True, now_s=100.0)
    again = claimed(ledger)
    assert (again.filed_on, again.names) == (DAY, (b"z.png", b"a.png"))


def test_the_date_stays_when_names_are_chosen_anew(ledger: Ledger) -> None:
    photo = noticed(ledger)
    ledger.fix(photo.id, DAY, RESULTS, [b"a.png"])
    again = ledger.fix(photo.id, date(2026, 3, 2), RESULTS, [b"a-2.png"])
    assert (again.filed_on, again.names) == (DAY, (b"a-2.png",))
    assert not ledger.reserved(RESULTS, b"a.png")
    assert ledger.reserved(RESULTS, b"a-2.png")


def test_a_name_is_reserved_for_one_photo_in_each_result_folder(ledger: Ledger) -> None:
    one, other = noticed(ledger), noticed(ledger, seen(path=b"b.jpg"))
    ledger.fix(one.id, DAY, RESULTS, [b"1.png", b"2.png"])
    ledger.fix(other.id, DAY, RESULTS, [b"3.png"])
    with pytest.raises(NameTaken) as taken:
        ledger.fix(other.id, DAY, RESULTS, [b"4.png", b"2.png"])
    assert taken.value.name == b"2.png"
    kept = ledger.entry(other.id)
    assert kept is not None
    assert kept.photo.names == (b"3.png",)
    ledger.fix(other.id, DAY, Path("/elsewhere"), [b"2.png"])


def test_names_of_what_will_not_be_filed_are_free_again(ledger: Ledger) -> None:
    photo = noticed(ledger)
    ledger.fix(photo.id, DAY, RESULTS, [b"a.png"])
    ledger.failed(photo.id, "bad", now_s=100.0)
    assert not ledger.reserved(RESULTS, b"a.png")


# Ending


def publishing(ledger: Ledger) -> Photo:
    noticed(ledger)
    photo = claimed(ledger)
    photo = ledger.fix(photo.id, DAY, RESULTS, [b"a_matte.png"])
    ledger.plan(photo.id, MOVES, FACTS, now_s=101.0)
    return photo


def test_a_plan_is_found_again_after_a_crash_with_all_that_filing_needs(ledger: Ledger) -> None:
    photo = publishing(ledger)
    recovery = ledger.recover()
    assert recovery.working == ()
    (found,) = recovery.publishing
    assert (found.photo, found.plan.results, found.plan.moves) == (photo, b"/results", MOVES)
    assert found.filed == FACTS
    ledger.filed(photo.id, dispose=False, now_s=102.0)
    assert ledger.recover().publishing == ()


def test_a_filed_photo_is_remembered_with_its_facts(ledger: Ledger) -> None:
    photo = publishing(ledger)
    ledger.filed(photo.id, replace(FACTS, took_s={"publish": 0.1}), dispose=False, now_s=102.0)
    (entry,) = ledger.entries(State.FILED)
    assert entry.filed == replace(FACTS, took_s={"publish": 0.1})
    assert (entry.sha256, entry.changed_s) == (FACTS.sha256, 102.0)
    assert ledger.notice(seen(), 200.0) is None
    assert ledger.to_dispose() == ()
    assert ledger.reserved(RESULTS, b"a_matte.png")


def test_a_broken_plan_is_dropped_and_the_photo_done_again(ledger: Ledger) -> None:
    photo = publishing(ledger)
    ledger.retry(photo.id, 100.0, "a staged result is missing", free=False, now_s=100.0)
    assert ledger.recover().publishing == ()
    again = claimed(ledger)
    assert again.names == (b"a_matte.png",)
    ledger.plan(again.id, MOVES, FACTS, now_s=101.0)
    assert len(ledger.recover().publishing) == 1


def test_a_source_is_to_be_disposed_of_until_it_was(ledger: Ledger) -> None:
    photo = publishing(ledger)
    ledger.filed(photo.id, dispose=True, now_s=102.0)
    assert ledger.to_dispose() == (photo,)
    ledger.disposed(photo.id)
    assert ledger.to_dispose() == ()


def test_the_same_content_is_known_and_needs_no_second_set(ledger: Ledger) -> None:
    """A touch, or a copy back from a backup."""
    photo = publishing(ledger)
    ledger.filed(photo.id, dispose=False, now_s=102.0)
    touched = noticed(ledger, seen(NEXT))
    assert ledger.known_sha256("/in", b"a.jpg") == {FACTS.sha256}
    assert ledger.known_sha256("/in", b"b.jpg") == frozenset()
    assert ledger.filed_contents("/in", photo.version.size_bytes) == {FACTS.sha256}
    assert ledger.filed_contents("/in", photo.version.size_bytes + 1) == frozenset()
    assert ledger.filed_contents("/elsewhere", photo.version.size_bytes) == frozenset()
    claimed(ledger)
    ledger.same_as_filed(touched.id, FACTS.sha256, dispose=True, now_s=103.0)
    assert state(ledger, touched) is State.FILED
    assert [photo.id for photo in ledger.to_dispose()] == [touched.id]
    assert ledger.notice(seen(NEXT), 200.0) is None


def test_a_failed_photo_stays_failed_until_it_is_requeued(ledger: Ledger) -> None:
    photo = noticed(ledger)
    for _ in range(3):
        claimed(ledger)
        ledger.retry(photo.id, 100.0, "the engine died", free=False, now_s=100.0)
    ledger.failed(photo.id, "the engine died; tried 3 times", now_s=105.0)
    assert ledger.notice(seen(), 200.0) is None
    assert ledger.claim(1e6) is None
    (entry,) = ledger.entries(State.FAILED)
    assert (entry.reason, entry.photo.attempts) == ("the engine died; tried 3 times", 3)
    assert ledger.requeue(photo.id, now_s=300.0)
    assert not ledger.requeue(photo.id, now_s=300.0)
    again = claimed(ledger, 300.0)
    assert (again.attempts, again.tries) == (1, 1)


def test_the_latest_come_first_and_not_all(ledger: Ledger) -> None:
    for number in range(5):
        photo = noticed(ledger, seen(path=str(number).encode()))
        ledger.failed(photo.id, "bad", now_s=100.0 + number)
    found = ledger.entries(State.FAILED, limit=2)
    assert [entry.photo.path for entry in found] == [b"4", b"3"]
    assert ledger.counts()[State.FAILED] == 5


# The file


def test_everything_is_still_there_after_a_restart(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        photo = publishing(ledger)
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        assert ledger.recover().publishing[0].photo == photo


def test_others_may_read_while_the_daemon_writes(tmp_path: Path) -> None:
    with (
        Ledger.open(tmp_path / "ledger.db") as ledger,
        Ledger.open(tmp_path / "ledger.db", read_only=True) as reader,
    ):
        noticed(ledger)
        assert reader.counts()[State.WAITING] == 1
        with pytest.raises(LedgerTrouble, match="readonly"):
            reader.claim(100.0)


def test_another_process_may_requeue_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        photos = [noticed(ledger, seen(path=str(number).encode())) for number in range(20)]
        for photo in photos:
            ledger.failed(photo.id, "bad", now_s=100.0)

        def retry_all() -> None:
            with Ledger.open(path) as other:
                for photo in photos:
                    assert other.requeue(photo.id, now_s=100.0)

        thread = threading.Thread(target=retry_all)
        thread.start()
        taken = []
        while len(taken) < 20:
            if photo := ledger.claim(200.0):
                taken.append(photo.id)
        thread.join()
        assert sorted(taken) == [photo.id for photo in photos]


def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"my holiday photos" * 1000)
    with pytest.raises(LedgerTrouble, match="not a database"):
        Ledger.open(tmp_path / "ledger.db")
    assert (tmp_path / "ledger.db").read_bytes() == b"my holiday photos" * 1000


def test_a_ledger_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerTrouble, match="version 99"):
        Ledger.open(tmp_path / "ledger.db")


def test_a_ledger_that_is_missing_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(LedgerTrouble, match="cannot be opened"):
        Ledger.open(tmp_path / "ledger.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_trouble_of_the_ledger_and_leaves_it_whole(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        noticed(ledger)
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerTrouble, match="full"):
            ledger.notice_all([seen(path=b"x" * 200 + str(n).encode()) for n in range(500)], 100.0)
        ledger._connection.execute("PRAGMA max_page_count = 1000000")
        assert ledger.counts()[State.WAITING] == 1
        noticed(ledger, seen(path=b"b.jpg"))


def test_an_unknown_photo_is_trouble_not_silence(ledger: Ledger) -> None:
    with pytest.raises(LedgerTrouble, match="no photo 4711"):
        ledger.failed(4711, "bad", now_s=100.0)


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


def test_the_same_content_under_another_date_is_not_told_of_again(ledger: Ledger) -> None:
    photo = noticed(ledger)
    claimed(ledger)
    ledger.same_as_filed(photo.id, FACTS.sha256, dispose=False, now_s=300.0)
    assert ledger.count_flagged_since(0) == 0
