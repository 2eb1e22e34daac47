"""Watched time is what was looked at, not what a clock says."""

from __future__ import annotations

from dataclasses import replace

from daemon.filing.watched import Watched
from daemon.photo import Photo, Version

HALF = Photo(1, "/in", b"half.jpg", Version(1, 2, 3, 4), 1, 0.0)


def watched(*turns_s: float, folders: tuple[str, ...] = ("/in",)) -> Watched:
    one = Watched()
    one.turned(0.0, folders)
    one.of(HALF)
    for at_s in turns_s:
        one.turned(at_s, folders)
    return one


def test_time_counts_from_turn_to_turn() -> None:
    assert watched(5.0, 10.0, 12.0).of(HALF) == 12.0


def test_time_before_a_photo_was_first_asked_about_does_not_count() -> None:
    one = watched(5.0)
    assert one.of(replace(HALF, id=2)) == 0.0


def test_a_process_that_was_stopped_for_an_hour_has_not_watched_for_an_hour() -> None:
    assert watched(5.0, 3605.0, 3610.0).of(HALF) == 5.0 + 15.0 + 5.0


def test_a_folder_that_cannot_be_seen_is_not_watched() -> None:
    one = watched(5.0)
    one.turned(10.0, ())
    one.turned(12.0, ("/in",))
    assert one.of(HALF) == 7.0


def test_what_the_ledger_knows_is_counted_once() -> None:
    one = watched(5.0)
    known = replace(HALF, watched_s=one.of(HALF))
    one.noted(known)
    one.turned(8.0, ("/in",))
    assert one.of(known) == 8.0
    after_restart = Watched()
    after_restart.turned(100.0, ("/in",))
    assert after_restart.of(known) == 5.0


def test_a_photo_that_has_ended_is_forgotten() -> None:
    one = watched(5.0)
    one.forget(HALF)
    assert one.of(HALF) == 0.0


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    assert watched(5.0, 4.0, 6.0).of(HALF) == 7.0
