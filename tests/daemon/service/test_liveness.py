"""The watchdog is pinged by progress alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from daemon.log.events import Event
from daemon.photo import Photo, Version
from daemon.service.liveness import Watchdog


@dataclass
class Bench:
    """A watchdog with a clock in hand."""

    now_s: float = 1000.0
    pings: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dog = Watchdog(self.ping, log=self, photo_timeout_s=100, clock=lambda: self.now_s)  # type: ignore[arg-type] # of a logger only `error` is used

    def ping(self) -> None:
        self.pings += 1

    def error(self, event: str, **facts: Any) -> None:
        self.told.append({"event": event, **facts})

    def turned(self, *photos: Photo, overdue: bool = False, engine: str = "ready") -> bool:
        """Whether this turn of the loop pinged."""
        before = self.pings
        self.dog.turned(overdue=overdue, at_work=photos, engine=engine)
        return self.pings > before


def photo(attempts: int = 1) -> Photo:
    return Photo(7, "/in", b"a.png", Version(1, 2, 3, 4), attempts, 0.0, tries=attempts)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_turn_that_got_somewhere_pings(bench: Bench) -> None:
    assert bench.turned()
    assert bench.turned(photo())
    assert not bench.told


def test_a_folder_that_was_due_and_not_looked_at_stops_the_pings(bench: Bench) -> None:
    assert not bench.turned(overdue=True)
    assert not bench.turned(overdue=True)
    assert [one["event"] for one in bench.told] == [Event.SERVICE_STUCK]
    assert bench.turned()


def test_a_photo_that_takes_as_long_as_it_may_does_not_stop_them(bench: Bench) -> None:
    bench.turned(photo())
    bench.now_s += 101
    assert bench.turned(photo())


def test_a_photo_that_never_comes_back_stops_them(bench: Bench) -> None:
    bench.turned(photo())
    bench.now_s += 200
    assert not bench.turned(photo())
    assert "photo 7" in bench.told[0]["reason"]


def test_the_next_attempt_at_the_same_photo_has_its_own_time(bench: Bench) -> None:
    bench.turned(photo())
    bench.now_s += 150
    assert bench.turned(photo(attempts=2))
    bench.now_s += 150
    assert bench.turned(photo(attempts=2))


def test_an_engine_that_nobody_looks_after_stops_them(bench: Bench) -> None:
    assert bench.turned(engine="starting")
    assert not bench.turned(engine="stopped")
