"""Who has joined, as far as it says so."""

from __future__ import annotations

import time
from typing import Any

import pytest
from harness import wait_until

from daemon.cluster import roster
from daemon.cluster.frames import Frame
from daemon.cluster.hello import Hello
from daemon.cluster.link import Seat, Stumbled
from daemon.cluster.roster import Roster, Worker
from daemon.log import events
from matting.backoff import Waits

SEAT = Seat("one", "tls://192.0.2.1:1")
HELLO = Hello("studio2", 1, "1", "", "people", "cpu", "", "selfie", "", (), "3.11", ())


class Line:
    """A line to one machine, which does not say what it is before it is ``known``."""

    seats: tuple[Seat, ...] = (SEAT,)
    known = False

    def __init__(self) -> None:
        self.asked = 0

    def call(self, *_: Any, **__: Any) -> Frame:
        self.asked += 1
        if not self.known:
            raise Stumbled("it has no desk")
        return Frame(HELLO.told())


def test_one_that_does_not_say_what_it_is_is_asked_ever_more_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was asked, and the journal told of it, at every look: each second, for ever."""
    monkeypatch.setattr(roster, "_REST", Waits(0.3, 0.3))
    line = Line()
    made = Roster(line, lambda _: (), lambda: None, events.silent())  # type: ignore[arg-type] # it quacks like one
    began_s = time.monotonic()
    while time.monotonic() < began_s + 1:
        made.look()
        time.sleep(0.005)
    assert 1 <= line.asked <= 4, "once in 0.3 s"
    line.known = True

    def joined() -> bool:
        made.look()
        return bool(made.workers)

    wait_until(joined)
    assert [one.hello.name for one in made.workers] == ["studio2"]
    before = line.asked
    time.sleep(0.4)
    made.look()
    assert line.asked == before, "who has said it is not asked again"
    line.seats = ()
    made.look()
    assert made.workers == ()


def test_looking_at_a_rate_changes_nothing() -> None:
    """Two threads ask at once, and each took out what the other counted."""
    worker = Worker(SEAT, HELLO, ())
    now_s = time.monotonic()
    worker.ends_s.extend([now_s - 3600, now_s - 1, now_s])
    kept = tuple(worker.ends_s)
    assert worker.per_minute() == 0.4
    assert tuple(worker.ends_s) == kept
    worker.ended(7)
    assert len(worker.ends_s) == 3, "what is old is forgotten where one thread alone writes"
