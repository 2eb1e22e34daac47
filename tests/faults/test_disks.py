"""Disks that fill up, become read-only or are emptied by somebody, while photos are filed.

Results and staging always share a disk, since only renaming within one is atomic; so the test of
the one is that of the other: where the disk is full from the start, staging fails, and with a few
pages left, what is staged.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

import pytest
from disks import fill, remount, tmpfs
from harness import Daemon, wait_until
from sending import Sending
from summary import Tally

Make = Callable[..., Daemon]
TIGHT = {"limits": {"min_free_mb": 0}, "workers": 2}
MATTES = [{"matte": {"name": name, "bits": 16}} for name in ("one", "two", "three")]
THREE = {"plain": {"preprocess": [], "outputs": MATTES}}
NAMES = [f"{number}.png" for number in range(8)]


def test_results_on_a_full_disk_that_is_enlarged(daemon: Make, tally: Tally) -> None:
    one = daemon(**TIGHT)
    with tmpfs(one.results) as disk:
        fill(disk, leave_pages=0)
        one.start()
        sending = Sending(one, tally)
        sending.put(*NAMES)
        assert "1 MiB are needed" in one.await_("service.paused")["reason"]
        remount(disk, "size=8m")
        one.await_("service.resumed")
        sending.arrive()
        (disk / "somebody else's").unlink()
        assert sending.audit().quarantined == 0


@pytest.mark.faults
@pytest.mark.parametrize("leave_pages", [0, 4])
def test_a_disk_that_fills_up_behind_the_check_for_room(
    daemon: Make, tally: Tally, leave_pages: int
) -> None:
    """Somebody else takes the room while the engine is at work; then staging fails half way."""
    one = daemon(**TIGHT, engine={"matte_s": 1.5}, profiles=THREE)
    with tmpfs(one.results, size="16m") as disk:
        one.start()
        sending = Sending(one, tally)
        sending.put("first.png")
        sending.arrive()
        sending.put(*NAMES[:4], size=(640, 480))
        one.await_("photo.started", count=3)
        time.sleep(0.7)
        fill(disk, leave_pages=leave_pages)
        one.await_("service.paused")
        remount(disk, "size=32m")
        one.await_("service.resumed")
        sending.arrive()
        (disk / "somebody else's").unlink()
        assert sending.audit().quarantined == 0


@pytest.mark.faults
@pytest.mark.parametrize("leave_pages", [0, 12])
def test_a_state_directory_on_a_full_disk_that_is_enlarged(
    daemon: Make, tally: Tally, leave_pages: int
) -> None:
    """Ledger and private copies are there; both find no room."""
    one = daemon(**TIGHT)
    with tmpfs(one.root / "state") as disk:
        one.start()
        sending = Sending(one, tally)
        sending.put("before.png")
        sending.arrive()
        fill(disk, leave_pages=leave_pages)
        sending.put(*NAMES, size=(640, 480))
        one.await_("service.paused")
        remount(disk, "size=8m")
        one.await_("service.resumed")
        sending.arrive()
        assert sending.audit().quarantined == 0


@pytest.mark.faults
def test_results_that_become_read_only_and_writable_again(daemon: Make, tally: Tally) -> None:
    """The state directory cannot be tried like this: the ledger, always open, keeps it busy."""
    one = daemon(**TIGHT, engine={"matte_s": 0.3})
    with tmpfs(one.results, size="8m") as disk:
        one.start()
        sending = Sending(one, tally)
        sending.put(*NAMES)
        one.await_("photo.filed")
        wait_until(lambda: attempt(lambda: remount(disk, "ro")))
        sending.put("meanwhile.png")  # on a busy machine all others may be filed by now
        one.await_("service.paused")
        remount(disk, "rw")
        one.await_("service.resumed")
        sending.arrive()
        assert sending.audit().quarantined == 0


@pytest.mark.faults
def test_a_results_folder_that_is_deleted_is_waited_for(daemon: Make, tally: Tally) -> None:
    """It is not made anew: where people delete a folder, or a share goes, nobody would look."""
    one = daemon(**TIGHT, engine={"matte_s": 1.0}, profiles=THREE)
    one.start()
    sending = Sending(one, tally)
    sending.put(*NAMES)
    one.await_("photo.started", count=2)
    shutil.rmtree(one.results)
    one.await_("service.paused")
    assert not one.results.exists()
    one.results.mkdir()
    one.await_("service.resumed")
    sending.arrive()
    assert sending.audit().quarantined == 0


def attempt(act: Callable[[], None]) -> bool:
    """A disk cannot become read-only at the very moment at which a file on it is being written."""
    try:
        act()
    except subprocess.CalledProcessError:
        return False
    return True
