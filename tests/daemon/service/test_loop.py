"""The main loop goes on whatever the ledger does, and stops when it is told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from daemon.errors import LedgerTrouble
from daemon.log.events import Event
from daemon.service.loop import MainLoop
from daemon.service.orders import Orders


@dataclass
class Log:
    """What was said."""

    said: list[str] = field(default_factory=list)

    def info(self, event: str, **_: object) -> None:
        self.said.append(event)

    error = info


@dataclass
class Parts:
    """All that the loop turns, in one: it does nothing, and fails where it is told to."""

    orders: Orders = field(default_factory=Orders)
    log: Log = field(default_factory=Log)
    failing: dict[str, int] = field(default_factory=dict)
    """How often each call is still to fail."""
    done: list[str] = field(default_factory=list)
    turns: int = 0
    most: int = 5
    paused: dict[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    at_work: tuple[object, ...] = ()
    state: str = "ready"
    refused: str | None = None
    links_are_due: bool = False

    def __post_init__(self) -> None:
        quacks: Any = self
        log: Any = self.log
        self.loop = MainLoop(self.orders, quacks, quacks, quacks, quacks, quacks, log)

    def _do(self, what: str) -> None:
        self.done.append(what)
        if self.failing.get(what, 0) > 0:
            self.failing[what] -= 1
            raise LedgerTrouble("the ledger: disk I/O error")

    def turn(self, **_: object) -> None:
        self.orders.wake()  # so that nothing is waited for
        self.turns += 1
        if self.turns >= self.most:
            self.orders._stop(15, None)
        self._do("turn")

    def tell(self, **_: object) -> None:
        self._do("tell")

    def status(self, **_: object) -> str:
        self._do("status")
        return "well"

    def next_turn_s(self) -> float:
        self._do("next turn")
        return time.monotonic() + 100

    def next_s(self) -> float | None:
        return None

    def reload(self) -> None:
        self._do("reload")

    def turned(self, **_: object) -> None:
        self._do("watchdog")

    def stop(self) -> None:
        self._do("stop")

    def drain(self) -> bool:
        self._do("drain")
        return self.done.count("drain") < 3

    def serve(self) -> None:
        watchdog: Any = self
        self.loop.serve(watchdog)


def test_it_turns_until_it_is_told_to_stop_and_then_drains() -> None:
    parts = Parts()
    parts.serve()
    assert parts.turns >= parts.most
    assert parts.done.count("watchdog") > 0, "it is told after each turn"
    parts.loop.drain()
    assert parts.done[-4:] == ["stop", "drain", "drain", "drain"]


@pytest.mark.parametrize("what", ["turn", "tell"])
def test_trouble_with_the_ledger_pauses_is_told_once_and_ends(what: str) -> None:
    parts = Parts(most=12, failing={what: 3})
    parts.serve()
    told = [one for one in parts.log.said if one != Event.SERVICE_READY]
    assert told == [Event.SERVICE_PAUSED, Event.SERVICE_RESUMED]


def test_trouble_between_two_turns_ends_nothing() -> None:
    """When there is something to do next is asked of the ledger as well."""
    parts = Parts(failing={"next turn": 0})
    plain: Callable[[], float] = parts.next_turn_s
    asked = []

    def fails_for_the_wait() -> float:
        asked.append(1)
        if len(asked) % 2 == 0:
            raise LedgerTrouble("the ledger: disk I/O error")
        return plain()

    parts.next_turn_s = fails_for_the_wait  # type: ignore[method-assign]
    parts.serve()
    assert parts.turns >= parts.most


def test_a_reload_while_the_ledger_cannot_be_read_ends_nothing() -> None:
    parts = Parts()
    parts.orders._reload(1, None)
    reload = parts.reload

    def then_fail() -> None:
        reload()
        parts.failing["status"] = 1

    parts.reload = then_fail  # type: ignore[method-assign]
    parts.serve()
    assert parts.done.count("reload") == 1
    assert parts.failing["status"] == 0, "it failed, and the loop went on"
    assert parts.turns >= parts.most
