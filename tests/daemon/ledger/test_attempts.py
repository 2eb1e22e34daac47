"""Who is due, what an attempt is charged, and when one is given back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ledger_photos import claimed, noticed, seen

from daemon.ledger import Ledger, State


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
