"""When a photo of a batch has ended, and how: nobody waits there for as long as a daemon does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from daemon.batch.ending import ending_of
from daemon.filed import Filed
from daemon.ledger import Ledger, State
from daemon.photo import Sighting, Version
from daemon.plan import Move


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as one:
        yield one


@pytest.fixture
def photo(ledger: Ledger) -> int:
    seen = Sighting("/in", b"a.png", Version(1, 2, 3, 4), 0.0)
    noticed = ledger.notice(seen, time.time())
    assert noticed is not None
    return noticed.id


def filed(photo: int) -> Filed:
    return Filed((b"a_matte.png",), (1, 1), "stub", "cpu", 1, str(photo))


def test_what_waits_or_works_has_not_ended(ledger: Ledger, photo: int) -> None:
    assert ending_of(ledger, 99, "a.png", None) is None
    assert ending_of(ledger, photo, "a.png", None) is None
    ledger.claim(time.time())
    assert ending_of(ledger, photo, "a.png", None) is None


def test_what_is_filed_has_ended_well(ledger: Ledger, photo: int) -> None:
    ledger.claim(time.time())
    ledger.filed(photo, filed(photo), dispose=False, now_s=time.time())
    ended = ending_of(ledger, photo, "a.png", None)
    assert ended is not None
    assert (ended.source, ended.error) == ("a.png", None)


def test_what_failed_or_is_gone_says_why(ledger: Ledger, photo: int) -> None:
    ledger.gone(photo, now_s=time.time())
    gone = ending_of(ledger, photo, "a.png", None)
    assert gone is not None
    assert gone.error == "is gone"


def test_a_photo_that_was_tried_three_times_is_waited_for_no_longer(
    ledger: Ledger, photo: int
) -> None:
    for tries in (1, 2, 3):
        ledger.claim(time.time() + 1000)
        ledger.retry(photo, time.time() + 60, "the share hung", free=True, now_s=time.time())
        ended = ending_of(ledger, photo, "a.png", None)
        assert (ended is not None) is (tries == 3)
    assert ended is not None
    assert ended.error == "the share hung"
    entry = ledger.entry(photo)
    assert entry is not None
    assert entry.state is State.FAILED, "nothing begins with it any more"


def test_half_a_set_that_can_be_neither_completed_nor_taken_back_is_told(
    ledger: Ledger, photo: int, tmp_path: Path
) -> None:
    ledger.claim(time.time())
    ledger.fix(photo, date(2026, 1, 1), tmp_path, [b"a_matte.png"])
    ledger.plan(photo, [Move(b"0.png", b"a_matte.png", 1, "0")], filed(photo), now_s=time.time())
    assert ending_of(ledger, photo, "a.png", None) is None
    ended = ending_of(ledger, photo, "a.png", "the folder is closed")
    assert ended is not None
    assert ended.error == "the folder is closed"
