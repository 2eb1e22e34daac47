"""A claim is seen from other containers, by other daemons, and where the folder is read-only."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from claims import claim, said, there
from harness import Daemon, wait_until, write_photo

from daemon.errors import InUse
from daemon.intake.claim import Holder
from daemon.intake.claim_file import NAME, marks
from daemon.machine import instance

Make = Callable[..., Daemon]
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED without root: namespaces, mounts")


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
