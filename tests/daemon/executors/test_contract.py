"""What every executor keeps to, asked of each in the registry (daemon/executors/contract.py)."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jobs
import pytest
from machines import Machines

from daemon.config import load
from daemon.config.profiles import Profile
from daemon.errors import Interrupted, MattedError, NotAPhoto, WorkerDied
from daemon.executors import EXECUTORS, local
from daemon.executors.contract import Executor, Given
from daemon.log import events
from daemon.photo import Photo, Version
from daemon.shelf import staging
from daemon.work.finished import Finished
from daemon.work.job import EngineAddress, Job, Outcome, Staged, Unchanged

WITHIN_S = 60


class Bench:
    """An executor with two photo processes, and photos for it."""

    def __init__(self, root: Path, make: Callable[[Callable[[], None]], Executor]) -> None:
        self.root = root
        self.results = root / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        staging.establish(self.results, lambda _: None)
        self._woken = threading.Event()
        self.executor = make(self._woken.set)
        self.executor.begin()
        self._number = 0

    def job(self, does: str) -> Job:
        self._number += 1
        source = self.root / f"{self._number}.photo"
        source.write_bytes(f"photo {self._number}".encode())
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        photo = Photo(
            self._number, str(self.root), does.encode(), Version.of(source.lstat()), 1, 0.0,
            names=(b"a_matte.png",), tries=1,
        )  # fmt: skip
        return Job(
            photo=photo,
            source=os.fsencode(source),
            results=self.results,
            staging=staging.stage(self.results, photo, unguessable=self.executor.elsewhere),
            snapshot=os.fsencode(self.root / f"{self._number}.copy"),
            profile=Profile(),
            engine=EngineAddress("stub", self.root / "socket", 1, 1, 1),
            max_pixels=1,
            known=frozenset({digest} if does == "same" else ()),
        )  # fmt: skip

    def start(self, does: str) -> Job:
        until_s = time.monotonic() + WITHIN_S
        while self.executor.idle < 1:
            assert time.monotonic() < until_s, self.executor.trouble
            time.sleep(0.05)
        made = self.job(does)
        self.executor.submit(made)
        return made

    def ended(self, count: int = 1) -> list[Finished[Job, Outcome]]:
        """It wakes us when a job has ended; nobody needs to poll."""
        found: list[Finished[Job, Outcome]] = []
        until_s = time.monotonic() + WITHIN_S
        while len(found) < count:
            assert self._woken.wait(until_s - time.monotonic())
            self._woken.clear()
            found += self.executor.finished()
        assert len(found) == count
        return found

    def end_of(self, does: str) -> Outcome | MattedError:
        made = self.start(does)
        assert made in self.executor.running
        (one,) = self.ended()
        assert one.job == made
        assert made not in self.executor.running
        return one.outcome


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
