"""What every executor keeps to, asked of each in the registry (daemon/executors/contract.py)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import jobs
import pytest
from executor_bench import Bench
from machines import Machines

from daemon.config import load
from daemon.errors import Interrupted, NotAPhoto, WorkerDied
from daemon.executors import EXECUTORS, local
from daemon.executors.contract import Executor, Given
from daemon.log import events
from daemon.work.job import Staged, Unchanged


def _local(_: Path) -> Iterator[Callable[[Callable[[], None]], Executor]]:
    yield lambda wake: local.LocalExecutor(jobs.work, count=2, timeout_s=3, wake=wake)


def _dask(root: Path) -> Iterator[Callable[[Callable[[], None]], Executor]]:
    pytest.importorskip("distributed", reason="NOT TESTED: the extra `cluster` is not installed")
    studio = Machines(root / "studio")
    studio.start_scheduler()
    studio.start_worker(fault="obey")
    settings = load.load(studio.daemon.config)
    (root / "studio" / "state").mkdir(exist_ok=True)
    yield lambda wake: EXECUTORS["dask"].opened(Given(settings, wake, events.silent()))
    studio.stop()


KINDS = {"local": _local, "dask": _dask}


def test_every_executor_is_tried() -> None:
    assert KINDS.keys() == EXECUTORS.keys()


@pytest.fixture(scope="module", params=EXECUTORS)
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp(request.param)
    making = KINDS[request.param](root)
    made = Bench(root, next(making))
    yield made
    made.executor.stop()
    next(making, None)


def test_results_lie_complete_in_the_staging_directory(bench: Bench) -> None:
    outcome = bench.end_of("stage")
    assert isinstance(outcome, Staged)
    (move,) = outcome.plan.moves
    made = bench.results / os.fsdecode(move.staged)
    assert made.read_bytes().startswith(b"made of photo ")
    assert hashlib.sha256(made.read_bytes()).hexdigest() == move.sha256
    assert (move.final, outcome.filed.names) == (b"a_matte.png", (b"a_matte.png",))


def test_what_was_filed_before_is_told(bench: Bench) -> None:
    outcome = bench.end_of("same")
    assert isinstance(outcome, Unchanged)


def test_an_error_of_the_photo_comes_back_as_what_it_is(bench: Bench) -> None:
    outcome = bench.end_of("refuse")
    assert isinstance(outcome, NotAPhoto)
    assert str(outcome) == "no decoder knows it"


@pytest.mark.parametrize("does", ["die", "leave", "stumble", "sleep"])
def test_a_photo_that_ends_its_process_pays_and_the_next_one_is_worked_on(
    bench: Bench, does: str
) -> None:
    assert isinstance(bench.end_of(does), WorkerDied)
    assert isinstance(bench.end_of("stage"), Staged)


def test_a_neighbour_does_not_pay(bench: Bench) -> None:
    neighbour = bench.start("wait")
    killer = bench.start("die")
    ended = {one.job.photo.id: one.outcome for one in bench.ended(2)}
    assert isinstance(ended[killer.photo.id], WorkerDied)
    assert isinstance(ended[neighbour.photo.id], Staged | Interrupted)


def test_stopping_ends_what_is_in_flight_free_of_charge(bench: Bench) -> None:
    """The last one: it ends the executor."""
    made = bench.start("sleep")
    bench.executor.stop()
    (one,) = bench.ended()
    assert one.job == made
    assert isinstance(one.outcome, Interrupted)
