"""A FUSE mount, which sends no events for what others write on its far side: bindfs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from disks import unmount
from harness import Daemon, wait_until
from sending import Sending, tool
from summary import Tally

Make = Callable[..., Daemon]
pytestmark = pytest.mark.faults


@contextmanager
def fuse(far: Path, near: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Mount a folder at another place by way of a process, which is given."""
    bindfs = tool("bindfs", "bindfs")
    if not Path("/dev/fuse").exists():
        pytest.skip("NOT TESTED: there is no /dev/fuse here")
    far.mkdir(exist_ok=True)
    server = subprocess.Popen([bindfs, "-f", *options, str(far), str(near)])
    try:
        wait_until(lambda: server.poll() is not None or near.is_mount())
        if server.poll() is not None:
            pytest.skip("NOT TESTED: FUSE may not be used here")
        yield server
    finally:
        if server.poll() is None:
            server.terminate()
        server.wait(20)
        unmount(near)


def test_photos_written_on_the_far_side_are_found_by_the_scan(daemon: Make, tally: Tally) -> None:
    one = daemon(folder={"scan_s": 1})
    sending = Sending(one, tally)
    far = one.root / "far"
    with fuse(far, one.inbox):
        one.start()
        watched = one.await_("folder.watched")
        assert watched["file_system"].startswith("fuse")
        assert not watched["events"]
        for path in ("a.png", "ü.png", "b.png"):
            (far / path).write_bytes(sending.content(path))
        sending.arrive()
        assert not one.said("folder.events_missed")
        sending.audit()


def test_a_server_that_dies_while_a_photo_is_read_costs_nothing(daemon: Make, tally: Tally) -> None:
    """As a NAS that is switched off: reading fails half way, and the folder is a broken mount."""
    one = daemon(folder={"scan_s": 1})
    sending = Sending(one, tally)
    far = one.root / "far"
    with fuse(far, one.inbox, "--read-rate=100k") as server:
        one.start()
        (far / "a.bmp").write_bytes(sending.content("a.bmp", size=(400, 300)))
        (far / "b.png").write_bytes(sending.content("b.png"))
        one.await_("photo.started")
        os.kill(server.pid, signal.SIGKILL)
        server.wait(20)
        assert "cannot be read" in one.await_("folder.paused")["reason"]
    assert not list(one.inbox.iterdir())
    with fuse(far, one.inbox):
        one.await_("folder.resumed")
        sending.arrive()
        assert not one.said("photo.gone")
        account = sending.audit()
        assert account.quarantined == 0
