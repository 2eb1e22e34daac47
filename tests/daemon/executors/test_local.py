"""Photo processes: real ones, and each way in which one can end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import family, wait_until
from jobs import work

from daemon.config.profiles import Profile
from daemon.errors import EngineFailed, Interrupted, MattedError, WorkerDied
from daemon.executors.local import LocalExecutor
from daemon.photo import Photo, Version
from daemon.work.job import EngineAddress, Job, Outcome, Unchanged

TIMEOUT_S = 2.0
STUBS = Path(__file__).parents[2] / "stubs"


def job(number: int, does: str, folder: Path = Path("/nowhere")) -> Job:
    return Job(
        photo=Photo(number, str(folder), does.encode(), Version(1, 2, 3, 4), 1, 0.0),
        source=b"",
        results=folder,
        staging=b"",
        snapshot=os.fsencode(folder / str(number)),
        profile=Profile(),
        engine=EngineAddress("stub_engine", folder / "socket", 1, 1, 1),
        max_pixels=1,
    )


class Pool:
    """Workers, and what came back from them."""

    def __init__(self, start_s: float = 60.0) -> None:
        self._woken = threading.Event()
        self.workers = LocalExecutor(
            work, count=1, timeout_s=TIMEOUT_S, start_s=start_s, wake=self._woken.set
        )
        self.numbers = iter(range(1, 1000))

    def end_of(self, does: str, folder: Path = Path("/nowhere")) -> Outcome | MattedError:
        self.workers.submit(job(next(self.numbers), does, folder))
        assert self.workers.idle == 0
        (ended,) = self.await_()
        assert self.workers.idle == 1
        return ended

    def await_(self) -> list[Outcome | MattedError]:
        """It wakes us when a job has ended; nobody needs to poll."""
        assert self._woken.wait(60)
        self._woken.clear()
        return [one.outcome for one in self.workers.finished()]

    def come(self) -> list[Outcome | MattedError]:
        """What has ended by now."""
        return [one.outcome for one in self.workers.finished()]

    def pid(self) -> int:
        outcome = self.end_of("obey")
        assert isinstance(outcome, Unchanged)
        return int(outcome.sha256.partition(":")[0])


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool()
    yield made
    made.workers.stop()


def test_a_job_that_returns_comes_back_with_its_outcome(pool: Pool) -> None:
    pool.workers.submit(job(77, "obey"))
    assert [one.photo.id for one in pool.workers.running] == [77]
    (outcome,) = pool.await_()
    assert isinstance(outcome, Unchanged)
    assert outcome.sha256.endswith(":77")
    assert pool.workers.running == ()
    assert pool.workers.finished() == []


def test_processes_are_used_again(pool: Pool) -> None:
    assert pool.pid() == pool.pid()


def test_threads_of_a_photo_process_share_the_memory_that_they_freed(pool: Pool) -> None:
    """With a heap for each, a photo of 24 megapixels took 110 MiB more."""
    pool.workers.submit(job(1, "tell_arenas"))
    (outcome,) = pool.await_()
    assert isinstance(outcome, Unchanged)
    assert int(outcome.sha256) <= 2


def test_a_photo_that_comes_alone_has_the_cores_of_idle_processes() -> None:
    """And photos that are worked on together share them."""
    workers = LocalExecutor(work, count=2, timeout_s=60, wake=lambda: None)
    told: dict[int, str] = {}
    for number in (1, 2, 3):
        workers.submit(job(number, "tell_cores"))
        wait_until(lambda: number == 2 or not _gathered(workers, told).running)  # noqa: B023 - at once
    workers.stop()
    cores = os.cpu_count() or 1
    assert [int(told[number]) for number in (1, 2, 3)] == [cores, cores, max(1, cores // 2)]


def _gathered(workers: LocalExecutor, told: dict[int, str]) -> LocalExecutor:
    for one in workers.finished():
        assert isinstance(one.outcome, Unchanged)
        told[one.job.photo.id] = one.outcome.sha256
    return workers


def test_our_own_errors_come_back_with_all_their_facts(pool: Pool) -> None:
    error = pool.end_of("fail")
    assert isinstance(error, EngineFailed)
    assert (str(error), error.engine_pid) == ("the engine died", 4711)


def test_a_librarys_exception_is_told_with_its_class(pool: Pool) -> None:
    error = pool.end_of("stumble")
    assert isinstance(error, WorkerDied)
    assert str(error) == "ZeroDivisionError: a library's own trouble"


def test_an_exception_that_cannot_travel_ends_its_job_alone(pool: Pool) -> None:
    assert isinstance(pool.end_of("stick"), WorkerDied)
    assert isinstance(pool.end_of("obey"), Unchanged)


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("leave", "the photo process ended with status 3"),
        ("die", "the photo process was killed by SIGKILL"),
        ("die_strangely", f"the photo process was killed by signal {signal.SIGRTMIN + 5}"),
    ],
)
def test_a_process_that_dies_costs_its_job_alone(pool: Pool, does: str, reason: str) -> None:
    error = pool.end_of(does)
    assert isinstance(error, WorkerDied)
    assert str(error) == reason
    assert isinstance(pool.end_of("obey"), Unchanged)


def test_a_process_that_hangs_is_killed_at_its_deadline(pool: Pool, tmp_path: Path) -> None:
    pool.pid()  # the deadline is for the work, not for starting a process
    began_s = time.monotonic()
    error = pool.end_of("hang", tmp_path)
    assert isinstance(error, WorkerDied)
    assert str(error) == "the photo process was killed after 2 s"
    assert time.monotonic() - began_s < TIMEOUT_S + 4
    (told,) = tmp_path.iterdir()
    assert not Path(f"/proc/{told.read_text()}").exists()


def test_a_process_that_is_stopped_at_work_is_ended_at_its_deadline(
    pool: Pool, tmp_path: Path
) -> None:
    pool.pid()
    pool.workers.submit(job(next(pool.numbers), "hang", tmp_path))
    wait_until(lambda: any(path.read_text() for path in tmp_path.iterdir()))
    (told,) = tmp_path.iterdir()
    pid = int(told.read_text())
    os.kill(pid, signal.SIGSTOP)
    (error,) = pool.await_()
    assert isinstance(error, WorkerDied)
    assert str(error) == "the photo process was killed after 2 s"
    assert not Path(f"/proc/{pid}").exists()
    assert isinstance(pool.end_of("obey"), Unchanged)


def test_an_idle_process_that_is_stopped_is_replaced() -> None:
    """It takes up no job, so no deadline ever began for it; without systemd it was for ever."""
    pool = Pool(start_s=3.0)
    try:
        pid = pool.pid()
        os.kill(pid, signal.SIGSTOP)
        pool.workers.submit(job(next(pool.numbers), "obey"))
        outcomes: list[Outcome | MattedError] = []
        wait_until(lambda: bool(outcomes.extend(pool.come()) or outcomes), 30)
        (error,) = outcomes
        assert isinstance(error, Interrupted), "it is no fault of the photo"
        assert "no photo process took it up" in str(error)
        assert not Path(f"/proc/{pid}").exists()
        pool.workers._start_s = 60.0
        pool._woken.clear()
        assert isinstance(pool.end_of("obey"), Unchanged)
    finally:
        pool.workers.stop()


def test_a_step_of_the_clock_kills_nobody_at_work(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.pid()
    pool.workers.submit(job(next(pool.numbers), "hang", tmp_path))
    wait_until(lambda: any(path.read_text() for path in tmp_path.iterdir()))
    began_s, right = time.monotonic(), time.time
    monkeypatch.setattr(time, "time", lambda: right() + 3600)
    (error,) = pool.await_()
    assert time.monotonic() - began_s > TIMEOUT_S - 0.5
    assert isinstance(error, WorkerDied)


def test_an_idle_process_that_is_killed_is_replaced(pool: Pool) -> None:
    """For pebble that is the end of the pool; no job may be lost to it for good."""
    pid = pool.pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    outcome = pool.end_of("obey")
    if not isinstance(outcome, Unchanged):
        assert isinstance(outcome, Interrupted)
        outcome = pool.end_of("obey")
    assert isinstance(outcome, Unchanged)


def test_ctrl_c_in_the_terminal_is_not_for_photo_processes(pool: Pool) -> None:
    """From their first instruction on: one that is still starting would print a traceback."""
    outcome = pool.end_of("tell_signals")
    assert isinstance(outcome, Unchanged)
    blocked = next(line for line in outcome.sha256.splitlines() if line.startswith("SigBlk"))
    assert int(blocked.split()[1], 16) & 1 << (signal.SIGINT - 1)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_stopping_kills_what_still_runs(tmp_path: Path) -> None:
    pool = Pool()
    pool.workers.submit(job(1, "hang", tmp_path))
    wait_until(lambda: any(path.read_text() for path in tmp_path.iterdir()))
    children = family(os.getpid())
    pid = int((tmp_path / "1").read_text())
    assert pid in children
    began_s = time.monotonic()
    pool.workers.stop()
    assert time.monotonic() - began_s < 8
    assert not Path(f"/proc/{pid}").exists()
    assert [one.photo.id for one in pool.workers.running] == [1]
    (outcome,) = pool.await_()
    assert isinstance(outcome, Interrupted)


def test_a_pool_that_was_stopped_begins_anew() -> None:
    """A worker of other machines stops it whenever its daemon is lost, and goes on."""
    pool = Pool()
    first = pool.pid()
    pool.workers.stop()
    pool.workers.begin()
    assert pool.pid() != first
    pool.workers.stop()
    assert isinstance(pool.end_of("obey"), Unchanged)
    pool.workers.stop()


def test_photo_processes_die_with_the_daemon(tmp_path: Path) -> None:
    """However it dies; orphans would go on reading and writing beside the next daemon."""
    code = f"""
import sys, time
sys.path[:0] = {[str(STUBS), str(Path(__file__).parent), str(Path(__file__).parents[3])]!r}
from pathlib import Path
from test_local import job
from daemon.executors.local import LocalExecutor
from jobs import work
if __name__ == "__main__":
    workers = LocalExecutor(work, count=1, timeout_s=60, wake=lambda: None)
    workers.submit(job(1, "hang", Path({str(tmp_path)!r})))
    time.sleep(60)
"""
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, str(script)]) as child:
        wait_until(lambda: any(path.read_text() for path in tmp_path.iterdir()))
        pid = int((tmp_path / "1").read_text())
        child.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), 5)
