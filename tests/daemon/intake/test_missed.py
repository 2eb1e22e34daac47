"""Photos that no event announced are counted once, and only they."""

from __future__ import annotations

from daemon.intake.missed import Missed


def test_a_photo_that_no_event_announced_is_counted_once() -> None:
    missed = Missed()
    missed.settled([b"a.jpg", b"b.jpg"], 10.0)
    assert missed.convict(11.0) == ()
    assert missed.convict(12.0) == (b"a.jpg", b"b.jpg")
    assert missed.convict(20.0) == ()
    assert missed.count == 2


def test_a_photo_is_announced_before_it_settles_or_shortly_after() -> None:
    missed = Missed()
    missed.announced([b"early.jpg"])
    missed.settled([b"early.jpg", b"late.jpg"], 10.0)
    missed.announced([b"late.jpg"])
    assert missed.convict(20.0) == ()
    assert missed.count == 0


def test_an_announcement_is_good_for_one_version() -> None:
    """Appended to without an event: the first version was announced, the second was not."""
    missed = Missed()
    missed.announced([b"a.jpg"])
    missed.settled([b"a.jpg"], 10.0)
    missed.settled([b"a.jpg"], 15.0)
    assert missed.convict(20.0) == (b"a.jpg",)


def test_announcements_of_what_never_settles_are_forgotten() -> None:
    missed = Missed()
    missed.announced([b"notes.txt", b"a.jpg"])
    missed.forget_all_but([b"a.jpg"])
    missed.settled([b"notes.txt", b"a.jpg"], 10.0)
    assert missed.convict(20.0) == (b"notes.txt",)
