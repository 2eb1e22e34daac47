"""What workers have to put up with: wrong certificates, clocks, full disks, slow machines."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from audit import Place, audit
from executor_bench import Bench
from harness import wait_until
from machines import Machines
from studio_certificates import Studio

from daemon.config import load
from daemon.errors import Interrupted, WorkerDied
from daemon.executors import EXECUTORS
from daemon.executors.contract import Given
from daemon.executors.dask import DaskExecutor
from daemon.log import events
from daemon.work.job import Staged

Make = Callable[..., Machines]
pytestmark = pytest.mark.cluster


def strangers(tmp_path: Path) -> Path:
    return Studio.made(tmp_path / "strangers", now=datetime.now(UTC)).other


def test_who_has_another_authoritys_certificate_is_not_let_in(
    machines: Make, tmp_path: Path
) -> None:
    studio = machines()
    studio.start_scheduler()
    stranger = studio.start_worker(certificates=strangers(tmp_path))
    stranger.await_("scheduler.lost", count=2)
    studio.daemon.start()
    studio.put(1)
    studio.daemon.await_("photo.settled")
    assert not studio.daemon.said("worker.joined")
    assert not stranger.said("worker.joined")
    studio.start_worker()
    studio.daemon.await_("photo.filed")


@pytest.mark.parametrize("kind", ["expired", "absent", "mixed"])
def test_a_certificate_of_no_use_is_told_in_one_line(
    machines: Make, tmp_path: Path, kind: str
) -> None:
    studio = machines()
    own = tmp_path / "own"
    if kind == "expired":
        past = datetime.now(UTC) - timedelta(days=90)
        own = Studio.made(own, now=past).other
    elif kind == "mixed":
        shutil.copytree(studio.certificates.other, own)
        shutil.copy(strangers(tmp_path) / "key.pem", own)
    worker = studio.start_worker(certificates=own)
    assert worker.child.wait(60) != 0
    assert "Certificate" in worker.text()


CLOCK = """
#include <time.h>
#include <sys/time.h>
#include <dlfcn.h>
#include <stddef.h>
#define OFF (2 * 86400)
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*right)(clockid_t, struct timespec *);
    if (!right) right = dlsym(RTLD_NEXT, "clock_gettime");
    int done = right(id, at);
    if (!done && id == CLOCK_REALTIME) at->tv_sec += OFF;
    return done;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


def test_a_clock_that_is_two_days_fast_makes_no_difference(machines: Make, tmp_path: Path) -> None:
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(f"#define _GNU_SOURCE{CLOCK}")
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("NOT TESTED: there is no gcc to make a wrong clock with")
    build = [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(build, check=True, capture_output=True)
    studio = machines()
    studio.start_scheduler()
    wrong = studio.start_worker(env={"LD_PRELOAD": str(library)})
    studio.daemon.start()
    studio.daemon.await_("worker.joined")
    sent = studio.put(4)
    studio.daemon.await_("photo.filed", count=4)
    assert studio.daemon.stop() == 0
    assert audit(Place.below(studio.root), sent).faults == ()
    told = datetime.fromisoformat(wrong.said("worker.joined")[0]["timestamp"])
    assert told.astimezone(UTC) - datetime.now(UTC) > timedelta(days=1), "the clock was wrong"


def test_a_worker_with_a_full_disk_rests_and_no_photo_pays(machines: Make, tmp_path: Path) -> None:
    """What it has to be sent does not fit, and neither does its private copy."""
    studio = machines(limits={"min_free_mb": 0, "attempts": 1})
    studio.start_scheduler()
    state = tmp_path / "small"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(state)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("NOT TESTED: a small disk needs root")
    try:
        studio.start_worker(state_dir=str(state))
        studio.daemon.start()
        studio.daemon.await_("worker.joined")
        with (state / "ballast").open("wb", buffering=0) as ballast:
            while (free := shutil.disk_usage(state).free) > 0:
                ballast.write(bytes(free))
        sent = studio.put(3)
        studio.daemon.await_("worker.resting")
        studio.start_worker()
        studio.daemon.await_("photo.filed", count=3)
        assert studio.daemon.stop() == 0
        account = audit(Place.below(studio.root), sent)
        assert (account.faults, account.filed) == ((), 3)
    finally:
        studio.stop()
        subprocess.run(["umount", "-l", str(state)], check=False)


def test_a_worker_that_answers_too_late_is_refused_and_its_photo_pays_the_second_time(
    tmp_path: Path,
) -> None:
    """The first time it has a neighbour, or nobody knows what else was the matter."""
    studio = Machines(tmp_path / "studio")
    studio.start_scheduler()
    studio.start_worker(fault="dawdle")
    settings = load.load(studio.daemon.config)
    bench = Bench(
        tmp_path, lambda wake: EXECUTORS["dask"].opened(Given(settings, wake, events.silent()))
    )
    try:
        executor = bench.executor
        assert isinstance(executor, DaskExecutor)
        assert isinstance(bench.end_of("stage"), Staged)
        executor._longest_s = 2
        late = bench.start("stage")
        (first,) = bench.ended()
        assert isinstance(first.outcome, Interrupted)
        wait_until(lambda: executor.idle > 0, 30)
        executor.submit(late)
        (second,) = bench.ended()
        assert isinstance(second.outcome, WorkerDied)
        assert "no answer within" in str(second.outcome)
        (told,) = executor.news()
        assert told.trouble is not None
        executor._longest_s = 60
        assert isinstance(bench.end_of("stage"), Staged)
        assert executor.news()[0].trouble is None
        assert bench.ended(0) == [], "nothing is heard of the late ones"
    finally:
        bench.executor.stop()
        studio.stop()
