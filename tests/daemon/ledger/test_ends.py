"""The names that a photo reserves, the plan that it is filed by, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from ledger_photos import (
    DAY,
    FACTS,
    MOVES,
    NEXT,
    RESULTS,
    claimed,
    noticed,
    publishing,
    seen,
    state,
)

from daemon.errors import NameTaken
from daemon.ledger import Ledger, State


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


def test_the_same_content_under_another_date_is_not_told_of_again(ledger: Ledger) -> None:
    photo = noticed(ledger)
    claimed(ledger)
    ledger.same_as_filed(photo.id, FACTS.sha256, dispose=False, now_s=300.0)
    assert ledger.count_flagged_since(0) == 0
