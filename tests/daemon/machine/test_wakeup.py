"""Waking a thread that rests: from other threads, and from signal handlers at any moment."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from daemon.machine.wakeup import WakeUp

_A_SIGNAL_AT_EVERY_LINE = """
import signal, sys
from {module} import {name} as Waking

waking = Waking()
signal.signal(signal.SIGHUP, lambda *_: waking.{wake}())
waited = lines = 0

def at_every_line(frame, event, _):
    global lines
    if waited and frame.f_code.co_name != "<lambda>":
        lines += 1
        sys.settrace(None)
        signal.raise_signal(signal.SIGHUP)
        sys.settrace(at_every_line)
    return at_every_line

def rest():
    waking.wait(0.01)

sys.settrace(at_every_line)
for waited in (1, 2, 3):
    rest()
sys.settrace(None)
print(lines)
"""


def _signals_taken(module: str, name: str, wake: str) -> int:
    script = _A_SIGNAL_AT_EVERY_LINE.format(module=module, name=name, wake=wake)
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=10, check=True
    )
    return int(ended.stdout)


@pytest.mark.parametrize(
    ("module", "name", "wake"),
    [("daemon.machine.wakeup", "WakeUp", "set"), ("daemon.service.orders", "Orders", "wake")],
)
def test_a_signal_at_any_moment_of_the_wait_wakes_and_holds_up_nothing(
    module: str, name: str, wake: str
) -> None:
    assert _signals_taken(module, name, wake) > 5


def test_this_would_be_seen_of_what_a_signal_can_hold_up() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        _signals_taken("threading", "Event", "set")


def test_what_was_set_before_ends_the_next_wait_and_that_one_only() -> None:
    one = WakeUp()
    one.set()
    one.set()
    one.wait(60)
    began_s = time.monotonic()
    one.wait(0.05)
    assert time.monotonic() - began_s >= 0.05


def test_another_thread_ends_a_wait_that_has_no_end_of_its_own() -> None:
    one = WakeUp()
    threading.Timer(0.1, one.set).start()
    one.wait()
