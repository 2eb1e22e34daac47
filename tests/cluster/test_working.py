"""A daemon, a scheduler and workers on loopback: photos are filed as they are without all that."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit import Place, audit
from harness import wait_until
from machines import Machines

Make = Callable[..., Machines]


def status(studio: Machines) -> dict[str, Any]:
    """What `matted status` says."""
    command = [sys.executable, "-m", "daemon", "status", "--json"]
    told = subprocess.run(
        [*command, "--config", str(studio.daemon.config)], capture_output=True, check=False
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def done(studio: Machines) -> int:
    """How many photos its workers have worked on, as `matted status` has it."""
    return sum(one["done"] for one in status(studio)["daemon"]["workers"])


def at_work(studio: Machines) -> str:
    """What people see of the photos at work."""
    command = [sys.executable, "-m", "daemon", "status", "--config", str(studio.daemon.config)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_photos_are_filed_by_whoever_has_joined_whether_it_sees_the_share_or_not(
    machines: Make, tmp_path: Path
) -> None:
    metrics = tmp_path / "matted.prom"
    studio = machines(metrics={"textfile": str(metrics), "every_s": 1}, engine={"matte_s": 2.5})
    for folder in ("inbox", "results"):
        (tmp_path / "elsewhere" / folder).mkdir(parents=True)
    studio.start_scheduler()
    studio.start_worker()
    studio.start_worker(sees={str(studio.root): str(tmp_path / "elsewhere")})
    studio.daemon.start()
    studio.daemon.await_("worker.joined", count=2)
    sent = studio.put(6)
    wait_until(lambda: f"on {socket.gethostname()}" in at_work(studio))
    studio.daemon.await_("photo.filed", count=6)
    told = studio.daemon.said("photo.filed")
    travelled = ["travel" in fact["stages_s"] for fact in told]
    assert any(travelled)
    assert not all(travelled)
    assert all(fact["worker"] for fact in told)
    wait_until(lambda: done(studio) == 6)  # status is told once a second
    workers = status(studio)["daemon"]["workers"]
    assert [(one["slots"], one["trouble"]) for one in workers] == [(1, None)] * 2
    assert studio.daemon.stop() == 0
    assert "matted_worker_ended{" in metrics.read_text()
    account = audit(Place.below(studio.root), sent)
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (6, 0)
