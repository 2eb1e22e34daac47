"""What people decide is remembered, can be taken back, and never touches what is filed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from daemon.errors import LedgerTrouble
from daemon.filed import Filed
from daemon.ledger import Ledger, State
from daemon.ledger.decisions import Verdict
from daemon.ledger.gallery import Choice, Gallery, cursor_of, cursor_text
from daemon.photo import Redo, Sighting, Version
from matting.judgement.flag import Flag

RESULTS = Path("/results")
FLAG = Flag("hair", 0.5, (1, 2, 3, 4))
FACTS = Filed((b"a.png",), (640, 480), "people", "cpu", 1, "ab" * 32)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def gallery(ledger: Ledger) -> Iterator[Gallery]:
    with Gallery.open(ledger.path, read_only=True) as opened:
        yield opened


def file_one(ledger: Ledger, name: bytes, *, flags: tuple[Flag, ...] = (), at_s: float = 10) -> int:
    """A photo from the inbox to the results."""
    seen = Sighting("/in", name, Version(1, len(name), 10, int(at_s)), 0.0)
    photo = ledger.notice(seen, at_s)
    assert photo is not None
    assert ledger.claim(at_s) is not None
    finish(ledger, photo.id, name, flags=flags, at_s=at_s)
    return photo.id


def finish(
    ledger: Ledger, photo_id: int, name: bytes, *, flags: tuple[Flag, ...] = (), at_s: float = 10
) -> None:
    ledger.fix(photo_id, date(2026, 1, 1), RESULTS, (name + b".png",))
    filed = replace(FACTS, names=(name + b".png",), flags=flags)
    ledger.filed(photo_id, filed, dispose=False, now_s=at_s)


def redo(ledger: Ledger, photo_id: int, at_s: float) -> None:
    ledger.redo(photo_id, Redo(b"/in/a", "ab" * 32), now_s=at_s, who="anna")


def decided(ledger: Ledger, photo_id: int) -> str | None:
    entry = ledger.entry(photo_id)
    assert entry is not None
    return entry.decided


def known(ledger: Ledger, photo_id: int) -> tuple[object, ...]:
    entry = ledger.entry(photo_id)
    assert entry is not None
    return entry.state, entry.photo.names, entry.photo.redo, entry.filed, entry.decided


def test_a_decision_is_remembered_with_who_and_when_and_can_be_undone(
    ledger: Ledger, gallery: Gallery
) -> None:
    one = file_one(ledger, b"a", flags=(FLAG,))
    ledger.decide(one, Verdict.APPROVED, "anna", now_s=20)
    ledger.decide(one, Verdict.REJECTED, "ben", now_s=30)
    assert decided(ledger, one) == "rejected"
    assert ledger.flagged() == (), "`matted status` asks for no second look"
    assert ledger.count_flagged_since(0) == 0
    ledger.undo(one, "anna", now_s=40)
    assert decided(ledger, one) == "approved"
    ledger.undo(one, "anna", now_s=50)
    assert decided(ledger, one) is None
    assert ledger.count_flagged_since(0) == len(ledger.flagged()) == 1
    with pytest.raises(LedgerTrouble, match="nothing was decided"):
        ledger.undo(one, "anna", now_s=60)
    told = [(each.who, each.verdict, each.undone) for each in gallery.decisions(one)]
    assert told == [
        ("anna", "approved", True),
        ("ben", "rejected", True),
        ("anna", "undone", False),
        ("anna", "undone", False),
    ]


def test_only_what_is_filed_is_decided_about(ledger: Ledger) -> None:
    photo = ledger.notice(Sighting("/in", b"a", Version(1, 1, 1, 1), 0.0), 1)
    assert photo is not None
    for unknown in (photo.id, 99):
        with pytest.raises(LedgerTrouble, match="only what is filed"):
            ledger.decide(unknown, Verdict.APPROVED, "anna", now_s=2)


def test_what_is_redone_is_to_be_looked_at_again(ledger: Ledger, gallery: Gallery) -> None:
    one = file_one(ledger, b"a", flags=(FLAG,))
    ledger.decide(one, Verdict.REJECTED, "anna", now_s=20)
    redo(ledger, one, 30)
    assert decided(ledger, one) is None
    assert ledger.claim(31) is not None
    finish(ledger, one, b"a-2", flags=(FLAG,), at_s=40)
    (again,), _ = gallery.chosen(Choice.LOOK, since_s=0)
    assert again.photo.id == one


def test_a_redoing_that_is_undone_leaves_what_was_filed_before(ledger: Ledger) -> None:
    """Waiting or done: names, facts and decision are those of before, and nothing is lost."""
    one = file_one(ledger, b"a", flags=(FLAG,))
    ledger.decide(one, Verdict.APPROVED, "anna", now_s=20)
    before = known(ledger, one)
    redo(ledger, one, 30)
    ledger.undo(one, "anna", now_s=31)
    assert known(ledger, one) == before
    assert ledger.history(one) == ()
    redo(ledger, one, 40)
    assert ledger.claim(41) is not None
    with pytest.raises(LedgerTrouble, match="is working"):
        ledger.undo(one, "anna", now_s=42)
    finish(ledger, one, b"a-2", at_s=50)
    ledger.undo(one, "anna", now_s=60)
    assert known(ledger, one) == before
    (other,) = ledger.history(one)
    assert other.names == (b"a-2.png",)
    assert ledger.counts()[State.FILED] == 1
    assert not ledger.recover().working


def test_names_that_another_photo_has_by_now_are_not_taken_from_it(ledger: Ledger) -> None:
    one = file_one(ledger, b"a")
    redo(ledger, one, 30)
    claimed = ledger.claim(31)
    assert claimed is not None
    finish(ledger, one, b"a-2", at_s=40)
    file_one(ledger, b"a", at_s=50)  # takes the name, as if the old result had been moved away
    with pytest.raises(LedgerTrouble, match="another photo has"):
        ledger.undo(one, "anna", now_s=60)
    entry = ledger.entry(one)
    assert entry is not None
    assert entry.photo.names == (b"a-2.png",)
    assert len(ledger.history(one)) == 1


def test_a_list_has_each_photo_once_with_those_to_be_looked_at_first(
    ledger: Ledger, gallery: Gallery
) -> None:
    ids = [
        file_one(ledger, b"%d" % n, flags=(FLAG,) * (n % 3 == 0), at_s=10 + n) for n in range(20)
    ]
    ledger.decide(ids[0], Verdict.APPROVED, "anna", now_s=50)
    found: list[int] = []
    after = None
    while True:
        portion, cursor = gallery.chosen(Choice.ALL, since_s=0, after=after, limit=3)
        found += [entry.photo.id for entry in portion]
        if cursor is None:
            break
        after = cursor_of(cursor_text(cursor) or "")
    flagged = [ids[n] for n in (18, 15, 12, 9, 6, 3)]
    assert found == flagged + [one for one in reversed(ids) if one not in flagged]
    numbers = gallery.numbers(since_s=15)
    assert (numbers["look"], numbers["today"], numbers["all"], numbers["approved"]) == (
        6,
        15,
        20,
        1,
    )


def test_what_changed_is_found_without_reading_everything(ledger: Ledger, gallery: Gallery) -> None:
    one, two = file_one(ledger, b"a", at_s=10), file_one(ledger, b"b", at_s=20)
    version, decision = gallery.standing()
    assert gallery.standing() == (version, decision)
    ledger.decide(one, Verdict.APPROVED, "anna", now_s=30)
    after, _ = gallery.standing()
    assert after != version
    assert gallery.changed(20, decision) == {one, two}


def test_who_is_forgotten_is_forgotten_with_what_was_decided(ledger: Ledger) -> None:
    one = file_one(ledger, b"a")
    ledger.decide(one, Verdict.APPROVED, "anna", now_s=20)
    ledger.forget([one], before_s=100, limit=10)
    with closing(sqlite3.connect(ledger.path)) as db:
        assert db.execute("SELECT count(*) FROM decision").fetchone() == (0,)
