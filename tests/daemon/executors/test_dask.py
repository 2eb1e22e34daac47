"""Other machines' photo processes: what is said for them, without any machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from executor_bench import Bench

from daemon.cluster.frames import Frame, FrameError
from daemon.cluster.hello import Hello
from daemon.cluster.link import Late, Lost, Seat, Stumbled
from daemon.cluster.roster import Worker
from daemon.errors import Interrupted, NotAPhoto, WorkerDied
from daemon.executors.contract import Executor
from daemon.executors.dask import DaskExecutor
from daemon.log import events

HELLO = Hello("studio2", 1, "1", "", "people", "cpu", "", "selfie", "", (), "3.11", ())


class Line:
    """A line to one worker, who does as it is told."""

    trouble: str | None = None

    def __init__(self, answer: Callable[[], Frame]) -> None:
        self.answer = answer

    def call(self, *_: Any, **__: Any) -> Frame:
        return self.answer()

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


def raising(error: Exception) -> Callable[[], Frame]:
    def answer() -> Frame:
        raise error

    return answer


def bench(root: Path, answer: Callable[[], Frame]) -> tuple[Bench, Line, Worker]:
    line, worker = Line(answer), Worker(Seat("one", "tls://one"), HELLO, ())
    roster = SimpleNamespace(workers=(worker,), look=lambda: None)

    def make(wake: Callable[[], None]) -> Executor:
        made = DaskExecutor(photo_timeout_s=60, wake=wake, log=events.silent())
        made.use(line, roster)  # type: ignore[arg-type] # they quack like them
        return made

    return Bench(root, make), line, worker


@pytest.mark.parametrize(
    "error",
    [Stumbled("RuntimeError"), FrameError("no frame"), ZeroDivisionError("a defect of ours")],
)
def test_what_a_worker_makes_of_a_call_is_its_own_trouble(tmp_path: Path, error: Exception) -> None:
    at, line, worker = bench(tmp_path, raising(error))
    outcome = at.end_of("stage")
    assert isinstance(outcome, Interrupted), "no photo pays for it"
    assert worker.is_resting
    assert at.executor.news()[0].trouble
    worker.is_well()
    line.answer = lambda: Frame({"failed": "NotAPhoto", "reason": "no decoder"})
    assert isinstance(at.end_of("stage"), NotAPhoto)
    at.executor.stop()


@pytest.mark.parametrize("error", [Lost("gone"), Late("no answer")])
def test_a_lost_worker_costs_a_photo_nothing_at_first(tmp_path: Path, error: Exception) -> None:
    at, line, worker = bench(tmp_path, raising(error))
    made = at.start("stage")
    (first,) = at.ended()
    assert isinstance(first.outcome, Interrupted)
    worker.is_well()
    at.executor.submit(made)
    (second,) = at.ended()
    assert isinstance(second.outcome, WorkerDied)
    worker.is_well()
    line.trouble = "the scheduler is gone"
    at.executor.submit(made)
    (third,) = at.ended()
    assert isinstance(third.outcome, Interrupted), "everybody went"
    at.executor.stop()


def test_nobody_is_told_at_once_that_nobody_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, line, worker = bench(tmp_path, raising(Lost("gone")))
    line.trouble = "the scheduler is not running"
    assert at.executor.trouble is None
    monkeypatch.setattr("daemon.executors.dask._PATIENCE_S", -1)
    assert at.executor.trouble == "the scheduler is not running"
    line.trouble = None
    assert at.executor.trouble is None
    assert (at.executor.count, at.executor.idle) == (1, 1)
    assert worker.per_minute() == 0
    at.executor.stop()


def test_a_short_absence_after_a_long_rest_is_not_told_and_a_long_one_is_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience began when somebody had last asked, which in a quiet night was hours ago."""
    monkeypatch.setattr("daemon.executors.dask._PATIENCE_S", 2.0)
    monkeypatch.setattr("daemon.executors.dask._LOOK_S", 0.05)
    at, line, _ = bench(tmp_path, raising(Lost("gone")))
    time.sleep(2.5)
    at.woken.clear()
    line.trouble = "the scheduler is not running"
    assert at.executor.trouble is None
    assert at.woken.wait(10), "nobody has to ask"
    assert at.executor.trouble == "the scheduler is not running"
    at.executor.stop()
