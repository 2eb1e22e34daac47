"""kill -9 of whatever it hits, and lines that are cut, while three workers file from a share.

The workers are in network namespaces of their own and see the share as studios do: under another
path, with other inode numbers, through a file system that keeps what it knew (bindfs).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest
from audit import Place, Sent, audit, unfinished
from disks import unmount
from harness import family, wait_until
from machines import Machines, Program
from namespaces import DAEMON, Namespace, switched
from sending import tool

Make = Callable[..., Machines]
TWO = {"preprocess": [], "outputs": [{"matte": {}}, {"matte": {"name": "fine", "bits": 16}}]}


@contextmanager
def share(far: Path, near: Path) -> Iterator[None]:
    """A folder as another machine has it mounted."""
    bindfs = tool("bindfs", "bindfs")
    if not Path("/dev/fuse").exists():
        pytest.skip("NOT TESTED: there is no /dev/fuse here")
    near.mkdir(parents=True)
    server = subprocess.Popen([bindfs, "-f", str(far), str(near)])
    try:
        wait_until(lambda: server.poll() is not None or near.is_mount())
        if server.poll() is not None:
            pytest.skip("NOT TESTED: FUSE may not be used here")
        yield
    finally:
        unmount(near)
        server.terminate()
        server.wait(20)


class Chaos:
    """What can go wrong, at random."""

    def __init__(self, studio: Machines, lines: list[Namespace], seed: int) -> None:
        self._studio = studio
        self._lines = lines
        self.random = Random(seed)
        self.kills = 0

    def strike(self) -> None:
        self.kills += 1
        self.random.choice(
            (self._worker, self._worker, self._process, self._scheduler, self._daemon, self._line)
        )()

    def _worker(self) -> None:
        """The program of a worker, which comes back as by Restart=always."""
        self._kill(self._one(), "run_worker.py")

    def _process(self) -> None:
        """A photo process of one, or its engine."""
        self._kill(self._one(), self.random.choice(("spawn_main", "matting")))

    def _one(self) -> Program:
        return self.random.choice(self._studio.workers)

    def _kill(self, one: Program, program: str) -> None:
        for pid in family(one.child.pid)[1:]:
            with contextlib.suppress(OSError):  # it may have ended by itself
                if program in Path(f"/proc/{pid}/cmdline").read_text():
                    os.kill(pid, signal.SIGKILL)
                    return

    def _scheduler(self) -> None:
        assert self._studio.scheduler is not None
        self._studio.scheduler.kill()
        self._studio.start_scheduler()

    def _daemon(self) -> None:
        self._studio.daemon.kill()
        self._studio.daemon.facts.clear()
        self._studio.daemon.start()

    def _line(self) -> None:
        """For less, or more, than a worker may be silent."""
        if not self._lines:
            self._worker()
            return
        line = self.random.choice(self._lines)
        line.cut()
        time.sleep(self.random.choice((1, 9)))
        line.heal()


def settled(studio: Machines, sent: list[Sent], within_s: float) -> None:
    place = Place.below(studio.root)
    until_s = time.monotonic() + within_s
    while (left := unfinished(place, sent)) and time.monotonic() < until_s:
        time.sleep(0.5)
    assert not left, f"{left}\n" + "\n".join(map(str, studio.daemon.facts[-40:]))


def under_fire(
    studio: Machines, chaos: Chaos, *, count: int, kills: int, pause_s: tuple[float, float]
) -> None:
    sent: list[Sent] = []
    while chaos.kills < kills or len(sent) < count:
        if len(sent) < count:
            sent += studio.put(min(count // max(kills, 1) + 1, count - len(sent)), first=len(sent))
        time.sleep(chaos.random.uniform(*pause_s))
        if chaos.kills < kills:
            chaos.strike()
    settled(studio, sent, 240)
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    print(f"{chaos.kills} kills: {account}")  # noqa: T201 - the figures of `make cluster-tests`
    assert account.faults == ()
    assert (account.sent, account.filed, account.quarantined) == (count, count, 0)


@pytest.mark.cluster
def test_nothing_is_lost_or_doubled_by_a_few_kills(machines: Make) -> None:
    studio = machines(engine={"matte_s": 0.2})
    studio.start_scheduler()
    for _ in range(2):
        studio.start_worker(kept=True)
    studio.daemon.start()
    studio.daemon.await_("worker.joined", count=2)
    under_fire(studio, Chaos(studio, [], seed=5), count=40, kills=5, pause_s=(0.5, 2))


@pytest.mark.cluster
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_machines_file_300_photos_from_a_share_while_all_of_it_fails(
    machines: Make, tmp_path: Path, seed: int
) -> None:
    with switched(3) as lines, ExitStack() as mounts:
        studio = machines(
            host=DAEMON, profiles={"plain": TWO}, engine={"matte_s": 0.3}, folder={"scan_s": 1}
        )
        studio.start_scheduler()
        for number, line in enumerate(lines):
            near = tmp_path / f"mnt{number}"
            mounts.enter_context(share(studio.root, near))
            studio.start_worker(kept=True, prefix=line.prefix, sees={str(studio.root): str(near)})
        studio.daemon.start()
        studio.daemon.await_("worker.joined", count=3)
        try:
            under_fire(studio, Chaos(studio, lines, seed), count=300, kills=25, pause_s=(1, 5))
            travelled = [
                one for one in studio.daemon.said("photo.filed") if "travel" in one["stages_s"]
            ]
            assert not travelled, "the share is seen under its other path"
        finally:
            studio.stop()
