"""Which version of a photo is wanted, as its file changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledger_photos import NEXT, ONE, claimed, noticed, seen, state

from daemon.ledger import Ledger, State


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
