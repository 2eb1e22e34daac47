"""The daemon of a studio, killed at calls that change a disk, and started again.

Its workers and the scheduler stay: what they finish meanwhile is nobody's, and is not filed twice.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from audit import Account, Place, Sent, audit, unfinished
from crash_points import Point, points, traced_with
from harness import wait_until
from machines import Machines

Make = Callable[..., Machines]
TWO = {"preprocess": [], "outputs": [{"matte": {}}, {"matte": {"name": "fine", "bits": 16}}]}
CALLS = {"renameat2", "fsync", "rmdir", "unlinkat", "mkdirat"}
"""Of the daemon's main thread; the others are counted up by what differs from start to start."""
PHOTOS = 2

SHARED = pytest.mark.parametrize("shared", [True, False], ids=["shared", "travelling"])


def studio_of(machines: Make, tmp_path: Path, *, shared: bool) -> Machines:
    """A worker that sees the daemon's folders, or one to which photos and results travel."""
    studio = machines(profiles={"plain": TWO})
    for folder in ("inbox", "results"):
        (tmp_path / "elsewhere" / folder).mkdir(parents=True, exist_ok=True)
    studio.start_scheduler()
    studio.start_worker(sees=None if shared else {str(studio.root): str(tmp_path / "elsewhere")})
    return studio


def drained(studio: Machines, sent: Collection[Sent]) -> Account:
    place = Place.below(studio.root)
    wait_until(lambda: not unfinished(place, sent), 60)
    assert studio.daemon.stop() == 0
    return audit(place, sent)


def found(studio: Machines, strace: str) -> list[Point]:
    """What the daemon's own thread changes once photos arrive."""
    log = studio.root / "calls"
    studio.daemon.start(prefix=traced_with(strace, log))
    studio.daemon.await_("worker.joined")
    ready = len(log.read_text())
    assert drained(studio, studio.put(PHOTOS)).faults == ()
    trace, roots = log.read_text(), (studio.daemon.results, studio.daemon.inbox)
    early = {*points(trace[:ready], *roots)}
    of_daemon = points(trace, *roots, process=trace.split(maxsplit=1)[0])
    return [point for point in of_daemon if point not in early and point.call in CALLS]


def killed_at(point: Point, studio: Machines, strace: str) -> Account:
    studio.daemon.start(prefix=traced_with(strace, Path("/dev/null"), point))
    studio.daemon.await_("worker.joined")
    sent = studio.put(PHOTOS)
    assert studio.daemon.child is not None
    assert studio.daemon.child.wait(30) == -signal.SIGKILL, point
    studio.daemon.facts.clear()
    studio.daemon.start()
    return drained(studio, sent)


def try_all(
    make: Callable[[], Machines], strace: str, chosen: Callable[[list[Point]], list[Point]]
) -> None:
    first = make()
    at = chosen(found(first, strace))
    first.stop()
    assert at
    for point in at:
        studio = make()
        account = killed_at(point, studio, strace)
        studio.stop()
        assert account.faults == (), point
        assert (account.filed, account.quarantined) == (PHOTOS, 0), point


@SHARED
def test_a_kill_at_one_call_breaks_no_promise(
    machines: Make, tmp_path: Path, strace: str, *, shared: bool
) -> None:
    def second_rename(calls: list[Point]) -> list[Point]:
        return [point for point in calls if point.call == "renameat2"][1:2]

    try_all(lambda: studio_of(machines, tmp_path, shared=shared), strace, second_rename)


@pytest.mark.cluster
@SHARED
def test_a_kill_at_any_call_breaks_no_promise(
    machines: Make, tmp_path: Path, strace: str, *, shared: bool
) -> None:
    def all_of_them(calls: list[Point]) -> list[Point]:
        assert len(calls) >= 8, calls
        return calls

    try_all(lambda: studio_of(machines, tmp_path, shared=shared), strace, all_of_them)
