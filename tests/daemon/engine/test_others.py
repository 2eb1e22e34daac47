"""Engines beside the daemon's own: nobody waits for their start, and nobody for its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import wait_until

from daemon.engine.others import OtherEngines
from daemon.errors import Interrupted, NoEngine, Refused
from daemon.work.job import EngineAddress
from matting.process import temporary
from matting.process.host import EngineHost, EngineSpec

STUBS = str(Path(__file__).parents[2] / "stubs")


def address(host: EngineHost) -> EngineAddress:
    return EngineAddress(host.spec.name, host.socket_path, 1, 1, 1)


@contextmanager
def start(name: str) -> Iterator[EngineHost]:
    """A real engine process; its name says how it starts."""
    if name == "absent":
        raise NoEngine("the model is not installed")
    module = "no_such_engine" if name == "broken" else "stub_engine"
    options = {"load_s": 60.0} if name == "slow" else {}
    spec = EngineSpec(module, options, extra_path=(STUBS,))
    with temporary.hosted(spec, wait=False) as host:
        yield host


@pytest.fixture
def others() -> Iterator[OtherEngines]:
    one = OtherEngines(start, address)
    yield one
    one.stop()


def test_one_that_starts_is_asked_again_and_then_used(others: OtherEngines) -> None:
    with pytest.raises(Interrupted, match="the engine stub is starting"):
        others.address("stub")

    def is_ready() -> bool:
        try:
            return others.address("stub").name == "stub_engine"
        except Interrupted:
            return False

    wait_until(is_ready)
    assert others.address("stub").socket == others.address("stub").socket, "it is one process"


def test_one_that_cannot_run_is_refused_with_its_reason_and_tried_anew(
    others: OtherEngines,
) -> None:
    for _ in range(2):
        with pytest.raises(Refused, match="the model is not installed"):
            others.address("absent")

    def refusal() -> str:
        try:
            others.address("broken")
        except Interrupted:
            return ""
        except Refused as error:
            return str(error)
        return "it runs"

    wait_until(lambda: bool(refusal()))
    with pytest.raises(Interrupted):  # it may have been installed since
        others.address("broken")


def test_the_end_waits_for_no_start() -> None:
    one = OtherEngines(start, address)
    with pytest.raises(Interrupted):
        one.address("slow")
    began_s = time.monotonic()
    one.stop()
    assert time.monotonic() - began_s < 10


def test_one_that_nobody_asks_for_is_ended(
    others: OtherEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Interrupted):
        others.address("stub")
    others.tidy()
    assert others._running
    monkeypatch.setattr("daemon.engine.others._IDLE_S", -1.0)
    others.tidy()
    assert not others._running
