"""One daemon per watched folder, in whatever container or machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from claims import QUICK, claim, said, there
from harness import wait_until

from daemon.errors import InUse
from daemon.intake.claim import Holder
from daemon.intake.claim_file import NAME, Mark


def test_a_second_claim_is_refused_by_whatever_path_the_folder_goes(folder: Path) -> None:
    folder.with_name("link").symlink_to("in")
    with claim(folder) as first:
        assert first.trouble() is None
        expected = r"another matted watches it: process .* on .*, says"
        other = claim(folder.with_name("link"), "two", "elsewhere")
        with other, pytest.raises(InUse, match=expected):
            other.demand()
    with claim(folder.with_name("link"), "two") as third:
        third.demand()
        assert third.trouble() is None


def test_a_claim_is_gone_with_its_release_and_nothing_is_left(folder: Path) -> None:
    with claim(folder) as held:
        held.demand()
        assert there(folder) == [NAME]
    assert there(folder) == there(folder.parent / "out") == []


def test_a_claim_of_a_killed_process_is_taken_over_at_once(
    folder: Path, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    other = hold()
    assert said(other) == "None"
    with claim(folder) as mine, pytest.raises(InUse):
        mine.demand()
    other.kill()
    other.wait()
    with claim(folder) as mine:
        began_s = time.monotonic()
        mine.demand()
        assert mine.trouble() is None
        assert time.monotonic() - began_s < QUICK.stale_s


def foreign(folder: Path, run: str = "theirs", **more: object) -> tuple[Mark, Holder]:
    """A claim by another machine, which beats only if we make it."""
    who = Holder("theirs", run, "another-place", os.getpid(), "another-host")
    who = replace(who, **more)  # type: ignore[arg-type] # its fields
    mark = Mark(str(folder), NAME)
    assert mark.make(who.written())
    return mark, who


def test_a_claim_from_another_machine_is_taken_over_only_after_a_long_silence(folder: Path) -> None:
    """By our own clock, since the other's may be wrong; its date says nothing."""
    mark, _ = foreign(folder)
    os.utime(mark.path, (1, 1))
    with claim(folder) as mine:
        began_s = time.monotonic()
        mine.demand()  # it may be dead: the daemon starts, and the folder waits
        assert "another matted watches it" in (mine.trouble() or "")
        wait_until(lambda: mine.trouble() is None, 5)
        assert time.monotonic() - began_s >= QUICK.stale_s
        assert json.loads((folder / NAME).read_bytes())["owner"] == "one"
        assert there(folder) == [NAME]


def test_a_claim_that_beats_slowly_is_never_taken_over(folder: Path) -> None:
    mark, who = foreign(folder)
    with claim(folder) as mine:
        for beat in range(1, 5):
            assert mine.trouble() is not None
            time.sleep(0.6)
            assert mark.renew(replace(who, beat=beat).written())
        with pytest.raises(InUse, match=r"process .* on another-host"):
            mine.demand()


def test_a_daemon_that_was_stopped_for_too_long_sees_that_it_was_taken_over(
    folder: Path, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    """As a laptop that slept: its own claim is another's when it wakes, and it does not go on."""
    other = hold()
    assert said(other) == "None"
    content = json.loads((folder / NAME).read_bytes())
    other.send_signal(signal.SIGSTOP)
    with claim(folder) as mine:
        wait_until(lambda: mine.trouble() is None, 5)
        assert content["process"] == other.pid
        other.send_signal(signal.SIGCONT)
        assert said(other).startswith("another matted watches it")
        assert mine.trouble() is None


def test_of_two_who_take_over_at_once_one_gets_it(folder: Path) -> None:
    foreign(folder)
    claims = [claim(folder, owner) for owner in ("one", "two", "three")]
    try:
        deadline_s = time.monotonic() + 4
        while time.monotonic() < deadline_s:
            free = [one.trouble() is None for one in claims]
            time.sleep(0.05)
        assert sum(free) == 1
        assert there(folder) == [NAME]
    finally:
        for one in claims:
            one.close()


def test_an_earlier_run_with_the_same_state_is_no_rival(folder: Path) -> None:
    """After a power cut the claim lies there still, and its process's number is somebody else's."""
    mark = Mark(str(folder), NAME)
    before = Holder("one", "before", "before-the-boot", 1, socket.gethostname())
    assert mark.make(before.written())
    with claim(folder) as mine:
        assert mine.trouble() is None


def test_a_copy_of_the_state_directory_does_not_share_the_folder(folder: Path) -> None:
    """A cloned machine has the same owner and perhaps the same name: one of the two watches."""
    with claim(folder) as first, claim(folder) as copy:
        assert first.trouble() is None
        copy.trouble()
        time.sleep(0.5)
        assert sorted(one.trouble() is None for one in (first, copy)) == [False, True]


def test_what_is_no_claim_is_looked_on_like_one(folder: Path) -> None:
    (folder / NAME).write_text("[" * 5000)
    with claim(folder) as mine:
        assert mine.trouble() == f"another matted watches it: somebody, says {folder / NAME}"
        wait_until(lambda: mine.trouble() is None, 5)


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_what_is_no_file_keeps_nobody_out_and_is_left_alone(folder: Path, kind: str) -> None:
    victim = folder.parent / "victim"
    victim.write_text("somebody's")
    at = folder / NAME
    {"link": lambda: at.symlink_to(victim), "pipe": lambda: os.mkfifo(at)}.get(kind, at.mkdir)()
    with claim(folder) as mine:
        mine.demand()
        assert mine.trouble() is None
        time.sleep(0.3)
    assert victim.read_text() == "somebody's"
    assert there(folder) == [NAME]


def test_a_claim_that_somebody_removes_is_made_again(folder: Path) -> None:
    with claim(folder) as mine:
        mine.demand()
        (folder / NAME).unlink()
        wait_until(lambda: mine.trouble() is None and (folder / NAME).exists(), 3)
