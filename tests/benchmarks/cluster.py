"""What several machines cost: ``python -m tests.benchmarks.cluster`` (docs/cluster.md).

A daemon, a scheduler and workers on this machine, with an engine that sleeps: the work costs no
processor, so that what is measured is bringing photos to workers and results home.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("stubs", "faults")]

import jobs  # noqa: E402 - see above
from executor_bench import Bench  # noqa: E402 - see above
from machines import Machines  # noqa: E402 - see above

from daemon.config import load  # noqa: E402 - see above
from daemon.executors import EXECUTORS, local  # noqa: E402 - see above
from daemon.executors.contract import Given  # noqa: E402 - see above
from daemon.log import events  # noqa: E402 - see above

MATTE_S = 4.0
COUNT = 10
LIMITS = {"min_free_mb": 0, "attempts": 5}
_TICKS = 100
_IDLE_S = 30.0


def per_minute(workers: int) -> float:
    """Photos a minute with so many workers, one slot each."""
    with tempfile.TemporaryDirectory() as root:
        studio = Machines(Path(root), engine={"matte_s": MATTE_S}, limits=LIMITS)
        try:
            studio.start(workers)
            studio.put(workers, name="warm")
            studio.daemon.await_("photo.filed", count=workers)
            count = COUNT * workers
            began_s = time.monotonic()
            studio.put(count)
            studio.daemon.within_s = 300
            studio.daemon.await_("photo.filed", count=workers + count)
            return 60 * count / (time.monotonic() - began_s)
        finally:
            studio.stop()


def overhead(count: int = 100) -> tuple[float, float]:
    """Seconds for each photo that is not worked on at all: by this machine, and by way of Dask."""
    with tempfile.TemporaryDirectory() as root:
        alone = Bench(
            Path(root) / "alone",
            lambda wake: local.LocalExecutor(jobs.work, count=2, timeout_s=60, wake=wake),
        )
        try:
            local_s = seconds_each(alone, count)
        finally:
            alone.executor.stop()
        studio = Machines(Path(root) / "studio")
        try:
            return local_s, _by_worker(studio, Path(root) / "far", count)
        finally:
            studio.stop()


def _by_worker(studio: Machines, root: Path, count: int) -> float:
    studio.start_scheduler()
    studio.start_worker(fault="obey")
    settings = load.load(studio.daemon.config)
    far = Bench(root, lambda wake: EXECUTORS["dask"].opened(Given(settings, wake, events.silent())))
    try:
        return seconds_each(far, count)
    finally:
        far.executor.stop()


def seconds_each(bench: Bench, count: int) -> float:
    """The middle one of so many."""
    took_s = []
    for _ in range(count + 5):
        began_s = time.monotonic()
        outcome = bench.end_of("stage")
        took_s.append(time.monotonic() - began_s)
        assert not isinstance(outcome, Exception), outcome
    return statistics.median(took_s[5:])


def idle() -> dict[str, tuple[float, float]]:
    """Share of a core, and memory in MiB, of each program while there is nothing to do."""
    with tempfile.TemporaryDirectory() as root:
        studio = Machines(Path(root), limits=LIMITS)
        try:
            studio.start(1)
            studio.put(2)
            studio.daemon.await_("photo.filed", count=2)
            time.sleep(5)
            assert studio.scheduler is not None
            assert studio.daemon.child is not None
            pids = {
                "daemon": studio.daemon.child.pid,
                "scheduler": studio.scheduler.child.pid,
                "worker": studio.workers[0].child.pid,
            }
            before = {name: _ticks(pid) for name, pid in pids.items()}
            time.sleep(_IDLE_S)
            return {
                name: ((_ticks(pid) - before[name]) / _TICKS / _IDLE_S, _resident_mib(pid))
                for name, pid in pids.items()
            }
        finally:
            studio.stop()


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Measure all, and print it."""
    say = sys.stdout.write
    for name, (share, mib) in idle().items():
        say(f"idle {name}: {100 * share:.2f} % of a core, {mib:.0f} MiB\n")
    for _ in range(2):
        local_s, dask_s = (1000 * each for each in overhead())
        told = f"{local_s:.1f} ms by its own process, {dask_s:.1f} ms by a worker"
        say(f"each photo: {told}: {dask_s - local_s:+.1f} ms\n")
    for number in (1, 2, 3):
        most = 60 * number / MATTE_S
        say(f"{number} workers: {per_minute(number):.1f} photos/min of {most:.0f}\n")


if __name__ == "__main__":
    main()
