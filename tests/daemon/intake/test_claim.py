"""One daemon per watched folder, in whatever container or machine."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from harness import Daemon, wait_until, write_photo

from daemon.errors import InUse
from daemon.intake.claim import Claim, Holder, Rhythm
from daemon.intake.claim_file import NAME, Mark, marks
from daemon.machine import instance

Make = Callable[..., Daemon]
QUICK = Rhythm(beat_s=0.1, stale_s=1.0)
HOLD = """
import sys, time
from daemon.intake.claim import Claim, Rhythm
claim = Claim(sys.argv[1], sys.argv[2], sys.argv[3], rhythm=Rhythm(0.1, 1.0))
claim.demand()
print(claim.trouble(), flush=True)
while True:
    time.sleep(0.2)
    if (reason := claim.trouble()) is not None:
        print(reason, flush=True)
        break
"""
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED without root: namespaces, mounts")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return tmp_path / "in"


def claim(folder: Path, owner: str = "one", results: str = "out") -> Claim:
    return Claim(str(folder), str(folder.parent / results), owner, rhythm=QUICK)


@pytest.fixture
def hold(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Another process with a claim."""
    started = []

    def start(owner: str = "other", prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        places = [str(folder), str(folder.parent / "out")]
        command = [*prefix, sys.executable, "-c", HOLD, *places, owner]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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


@ROOT
@pytest.mark.parametrize("apart", ["--net", "--pid", "--uts"])
def test_a_claim_is_seen_from_another_container(
    folder: Path, hold: Callable[..., subprocess.Popen[str]], apart: str
) -> None:
    """An abstract socket is not seen from another network namespace: photos were filed twice."""
    prefix = ("unshare", apart, *(("--fork", "--kill-child") if apart == "--pid" else ()))
    assert said(hold(prefix=prefix)) == "None"
    with claim(folder) as mine, pytest.raises(InUse, match="another matted watches it"):
        mine.demand()


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


@ROOT
def test_a_read_only_folder_is_claimed_in_the_results(folder: Path) -> None:
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        with claim(folder) as mine:
            mine.demand()
            assert mine.trouble() is None
            assert [name.rpartition("-")[0] for name in there(folder.parent / "out")] == [NAME]
            with claim(folder, "two") as second, pytest.raises(InUse):
                second.demand()
    finally:
        subprocess.run(["umount", folder], check=True)
    assert there(folder.parent / "out") == []


def test_a_folder_that_is_claimed_in_the_results_is_not_claimed_in_itself(folder: Path) -> None:
    """As by a daemon that may write where the other may not."""
    mark = marks(str(folder), str(folder.parent / "out"))[1]
    who = Holder("theirs", "theirs", "another-place", 1, "another-host")
    assert mark.make(who.written())
    with claim(folder) as mine:
        assert mine.trouble() is not None
        assert there(folder) == []


def test_two_folders_of_one_name_have_claims_of_their_own_in_the_results(tmp_path: Path) -> None:
    for name in ("a/in", "b/in", "out"):
        (tmp_path / name).mkdir(parents=True)
    found = {marks(str(tmp_path / name), str(tmp_path / "out"))[1] for name in ("a/in", "b/in")}
    assert len(found) == 2


def test_no_name_that_any_local_user_could_take_is_used(folder: Path) -> None:
    """Abstract sockets belong to whoever binds them first."""
    with claim(folder) as mine:
        mine.demand()
        names = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace")
        assert hashlib.sha256(os.fsencode(folder)).hexdigest() not in names


def test_a_claim_does_not_hold_the_folder_itself(folder: Path) -> None:
    """An open descriptor there would keep a share from being unmounted."""
    with claim(folder) as mine:
        mine.demand()
        links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
        targets = [os.readlink(link) for link in links if os.path.lexists(link)]
        assert not [target for target in targets if target.startswith(str(folder))]


def test_a_folder_is_known_as_the_same_places_process_only(tmp_path: Path) -> None:
    assert instance.place() == instance.place()
    assert instance.owner(tmp_path) == instance.owner(tmp_path)
    assert instance.owner(tmp_path / "..") != instance.owner(tmp_path)


@ROOT
def test_containers_are_other_places() -> None:
    command = [sys.executable, "-c", "from daemon.machine.instance import place; print(place())"]
    told = subprocess.run(
        ["unshare", "--pid", "--fork", *command], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() not in {"", instance.place()}


def config(one: Daemon, state: str) -> list[str]:
    path = one.root / f"{state}.yaml"
    text = one.config.read_text().replace("state_dir: state", f"state_dir: {state}")
    path.write_text(text)
    return [sys.executable, "-m", "daemon", "run", "--config", str(path)]


@ROOT
def test_two_daemons_in_two_network_namespaces_file_each_photo_once(daemon: Make) -> None:
    one = daemon()
    one.start(prefix=("unshare", "--net"))
    second = subprocess.run(
        config(one, "state2"), capture_output=True, text=True, check=False, timeout=60
    )
    assert second.returncode == 4
    assert "another matted watches it: process" in second.stderr
    assert "Traceback" not in second.stderr
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    one.stop()
    assert len(one.mattes()) == 1
    assert not (one.inbox / NAME).exists()


def test_a_folder_that_is_taken_over_pauses_until_it_is_free_again(daemon: Make) -> None:
    one = daemon()
    one.start()
    wait_until((one.inbox / NAME).exists, 10)
    theirs = Holder("theirs", "theirs", "another-place", 1, "another-host")
    (one.inbox / NAME).write_bytes(theirs.written())
    paused = one.await_("folder.paused")
    assert "process 1 on another-host" in paused["reason"]
    write_photo(one.inbox / "a.png")
    time.sleep(1)
    assert not one.mattes()
    (one.inbox / NAME).unlink()
    one.await_("folder.resumed")
    one.await_("photo.filed")


def test_a_restart_after_a_kill_and_a_lost_state_watches_at_once(daemon: Make) -> None:
    one = daemon()
    one.start()
    one.kill()
    assert (one.inbox / NAME).exists()
    shutil.rmtree(one.root / "state")
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
