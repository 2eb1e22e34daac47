"""Disks that are taken away, come back, or are exchanged for others under a running daemon."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from disks import image, mount, tmpfs, unmount
from harness import Daemon, wait_until
from sending import Sending
from summary import Tally

Make = Callable[..., Daemon]
NAMES = [f"{number}.png" for number in range(10)]
TWO = {"limits": {"min_free_mb": 0}, "workers": 2}


def test_a_card_that_is_taken_out_and_put_in_again_is_watched_again(
    daemon: Make, tally: Tally
) -> None:
    """The photos of the second and third time are announced by events, as those of the first.

    The disk has the same device number and its root the same inode each time, so that only the
    kernel's word on the end of its watch tells that there is something to be renewed.
    """
    one = daemon(**TWO, folder={"scan_s": 2, "settle_s": 0.5})
    sending = Sending(one, tally)
    one.inbox.mkdir(exist_ok=True)
    card = one.root / "card.img"
    with image(card, one.inbox):
        shutil.rmtree(one.inbox / "lost+found")
        sending.put("1/a.png")
        one.start()
        sending.arrive()
    one.await_("folder.paused")
    for time_in in (2, 3):
        with image(card, one.inbox):
            one.await_("folder.resumed", count=time_in - 1)
            one.await_("folder.watched", count=time_in)
            sending.put(*(f"{time_in}/{name}" for name in NAMES))
            sending.arrive()
            if time_in < 3:
                unmount(one.inbox)
                one.await_("folder.paused", count=time_in)
                continue
            time.sleep(2)  # until what was not announced is counted
            assert not one.said("folder.events_missed")
            assert not one.said("photo.gone")
            sending.audit()


@pytest.mark.faults
def test_a_card_that_is_back_before_anybody_looked_is_watched_again(
    daemon: Make, tally: Tally
) -> None:
    one = daemon(**TWO, folder={"scan_s": 4})
    sending = Sending(one, tally)
    card = one.root / "card.img"
    with contextlib.ExitStack() as disks:
        disks.enter_context(image(card, one.inbox))
        one.start()
        sending.put("a.png")
        sending.arrive()
        unmount(one.inbox)
        disks.enter_context(image(card, one.inbox))
        # No event is awaited: if another process holds the disk, it was never gone for the kernel.
        time.sleep(6)
        sending.put("b.png")
        sending.arrive()
        time.sleep(2)  # until what was not announced is counted
        assert not one.said("folder.events_missed")
        shutil.rmtree(one.inbox / "lost+found")
        sending.audit()


@pytest.mark.faults
def test_a_disk_that_is_emptied_and_refilled_under_the_same_names(
    daemon: Make, tally: Tally
) -> None:
    """A camera counts from 1 again: same names, other photos, each filed beside the others."""
    one = daemon(**TWO)
    sending = Sending(one, tally)
    with tmpfs(one.inbox, size="8m"):
        one.start()
        for final in (False, False, True):
            for name in NAMES:
                (one.inbox / name).write_bytes(sending.content(name, final=final))
            sending.arrive()
            if not final:
                for name in NAMES:
                    (one.inbox / name).unlink()
                time.sleep(1)
        assert len(one.mattes()) == 3 * len(NAMES)
        sending.audit()


@pytest.mark.faults
def test_a_share_that_goes_while_its_photos_are_read(daemon: Make, tally: Tally) -> None:
    one = daemon(**TWO, engine={"matte_s": 0.3})
    sending = Sending(one, tally)
    share = one.root / "share"
    share.mkdir()
    mount("--bind", share, one.inbox)
    try:
        sending.put(*NAMES, size=(320, 240))
        one.start()
        one.await_("photo.filed")
        unmount(one.inbox)
        one.await_("folder.paused")
        time.sleep(3)
        assert not list(one.inbox.iterdir())
        mount("--bind", share, one.inbox)
        one.await_("folder.resumed")
        sending.arrive()
        assert not one.said("photo.gone")
        assert sending.audit().quarantined == 0
    finally:
        unmount(one.inbox)


@pytest.mark.faults
def test_results_that_are_unmounted_during_work(daemon: Make, tally: Tally) -> None:
    one = daemon(**TWO, engine={"matte_s": 0.5})
    sending = Sending(one, tally)
    with contextlib.ExitStack() as disks:
        disk = one.root / "results.img"
        disks.enter_context(image(disk, one.results))
        shutil.rmtree(one.results / "lost+found")
        one.start()
        sending.put(*NAMES)
        one.await_("photo.filed", count=2)
        unmount(one.results)
        one.await_("service.paused")
        time.sleep(2)
        assert not list(one.results.iterdir())
        disks.enter_context(image(disk, one.results))
        one.await_("service.resumed")
        sending.arrive()
        assert sending.audit().quarantined == 0


@pytest.mark.faults
def test_another_disk_in_its_place_is_left_alone(daemon: Make, tally: Tally) -> None:
    one = daemon(**TWO)
    sending = Sending(one, tally)
    with tmpfs(one.root / "right", source="the right one") as right:
        mount("--bind", right, one.inbox)
        try:
            one.start()
            sending.put("a.png")
            sending.arrive()
            unmount(one.inbox)
            with tmpfs(one.inbox, source="another"):
                (one.inbox / "not ours.png").write_bytes(b"a stranger's")
                wait_until(lambda: any("another" in why for why in reasons(one)))
                time.sleep(3)
            mount("--bind", right, one.inbox)
            one.await_("folder.resumed")
            sending.put("b.png")
            sending.arrive()
            sending.audit()
        finally:
            unmount(one.inbox)
    assert not one.said("photo.settled", path="not ours.png")
    assert not one.said("photo.gone")


def reasons(one: Daemon) -> list[str]:
    """Why the folder is, or was, not looked at: the log tells the first, status the present one."""
    command = [sys.executable, "-m", "daemon", "status", "--json", "--config", str(one.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    now = json.loads(done.stdout)["daemon"]["folders"][str(one.inbox)]["paused"]
    return [*(fact["reason"] for fact in one.said("folder.paused")), now or ""]


@pytest.mark.faults
def test_a_marker_tells_the_right_folder_from_its_like(daemon: Make, tally: Tally) -> None:
    one = daemon(**TWO, folder={"marker": ".scans-here"}, engine={"matte_s": 0.5})
    sending = Sending(one, tally)
    (one.inbox / ".scans-here").touch()
    sending.put(*NAMES)
    one.start()
    one.await_("photo.filed")
    (one.inbox / ".scans-here").unlink()
    paused_for = one.await_("folder.paused")
    assert paused_for["reason"] == "its marker .scans-here is not there"
    (one.inbox / ".scans-here").touch()
    one.await_("folder.resumed")
    sending.arrive()
    assert not one.said("photo.gone")
    assert sending.audit().quarantined == 0
