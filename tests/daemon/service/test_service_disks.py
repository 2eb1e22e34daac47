"""The daemon and its disks: full, away, exchanged. All of them real mounts."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Daemon, wait_until, write_photo

Make = Callable[..., Daemon]


@contextlib.contextmanager
def tmpfs(at: Path, size: str = "8m", source: str = "disk") -> Iterator[None]:
    at.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size}", source, str(at)]
    if subprocess.run(["mount", *options], check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a disk of its own here")
    try:
        yield
    finally:
        unmount(at)


def unmount(at: Path) -> None:
    if os.path.ismount(at):
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def test_a_watched_share_that_is_unmounted_pauses_and_nothing_seems_deleted(daemon: Make) -> None:
    one = daemon()
    with tmpfs(one.inbox):
        write_photo(one.inbox / "a.png")
        one.start()
        one.await_("photo.filed")
        subprocess.run(["umount", str(one.inbox)], check=True)
        paused = one.await_("folder.paused")
        assert paused["reason"] == f"nothing is mounted at {one.inbox}"
        write_photo(one.inbox / "on the bare mount point.png")
        time.sleep(2)
        (one.inbox / "on the bare mount point.png").unlink()
        with tmpfs(one.inbox):
            write_photo(one.inbox / "b.png")
            one.await_("folder.resumed")
            one.await_("photo.filed", path="b.png")
    assert len(one.mattes()) == 2
    assert not one.said("photo.gone")


def test_results_never_go_to_the_bare_mount_point(daemon: Make) -> None:
    one = daemon(limits={"min_free_mb": 0})
    with tmpfs(one.results):
        one.start()
        write_photo(one.inbox / "a.png")
        one.await_("photo.filed")
        one.stop()
    one.start()
    write_photo(one.inbox / "b.png")
    paused = one.await_("service.paused")
    assert f"nothing is mounted at {one.results}" in paused["reason"]
    assert not list(one.results.iterdir())
    with tmpfs(one.results):
        one.await_("service.resumed")
        one.await_("photo.filed", path="b.png")
        assert len(one.mattes()) == 1


def test_a_full_disk_pauses_everything_until_there_is_room(daemon: Make) -> None:
    one = daemon(limits={"min_free_mb": 0})
    with tmpfs(one.results, size="64k"):
        one.start()
        write_photo(one.inbox / "large.png", size=(400, 300))
        paused = one.await_("service.paused")
        assert "0 are free" in paused["reason"] or "No space left" in paused["reason"]
        subprocess.run(["mount", "-o", "remount,size=8m", str(one.results)], check=True)
        one.await_("service.resumed")
        one.await_("photo.filed")
        assert len(one.mattes()) == 1
        assert not one.reports()


def test_a_full_state_directory_pauses_everything_and_loses_nothing(daemon: Make) -> None:
    one = daemon(limits={"min_free_mb": 0})
    state = one.root / "state"
    with tmpfs(state, size="1m"):
        one.start()
        write_photo(one.inbox / "a.png")
        one.await_("photo.filed")
        filler = state / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        for number in range(5):
            write_photo(one.inbox / f"{number}.png", red=100 + number)
        one.await_("service.paused")
        filler.unlink()
        one.await_("service.resumed")
        wait_until(lambda: len(one.mattes()) == 6, 60)
        time.sleep(1)
        one.stop()
    assert len(one.mattes()) == 6
    assert not one.reports()


def test_a_photo_larger_than_the_room_for_its_copy_waits_alone(daemon: Make) -> None:
    """It once filled the disk at each try, and paused all others."""
    one = daemon(folder={"give_up_s": 0}, limits={"min_free_mb": 2})
    state = one.root / "state"
    with tmpfs(state, size="30m"):
        (state / "somebody else's").write_bytes(bytes(12 << 20))
        one.start()
        (one.inbox / "large.tif").write_bytes(write_photo(one.root / "a.tif").read_bytes())
        with (one.inbox / "large.tif").open("ab") as file:
            file.truncate(20 << 20)
        waiting = one.await_("photo.retried", path="large.tif")
        assert "its private copy needs 20 MiB" in waiting["reason"]
        write_photo(one.inbox / "small.png")
        one.await_("photo.filed", path="small.png")
        assert shutil.disk_usage(state).free > 14 << 20, "not a byte of it was copied"
        (state / "somebody else's").unlink()
        one.await_("photo.filed", path="large.tif")
        assert not one.said("service.paused")
        assert not list((state / "snapshots").iterdir())


def test_a_photo_larger_than_the_disk_for_its_copy_is_refused_alone(daemon: Make) -> None:
    one = daemon(limits={"min_free_mb": 2})
    with tmpfs(one.root / "state", size="16m"):
        one.start()
        with (one.root / "endless.jpg").open("wb") as file:
            file.truncate(1 << 40)  # sparse
        (one.root / "endless.jpg").rename(one.inbox / "endless.jpg")
        report = one.await_("photo.quarantined")
        assert "needs 1048576 MiB" in report["reason"]
        assert "16 MiB in all; set another state_dir" in report["reason"]
        write_photo(one.inbox / "small.png")
        one.await_("photo.filed", path="small.png")
        assert not one.said("service.paused")


def test_results_larger_than_the_room_for_them_wait_alone(daemon: Make) -> None:
    one = daemon(limits={"min_free_mb": 2})
    with tmpfs(one.results, size="7m"):
        one.start()
        write_photo(one.inbox / "large.png", size=(3000, 2000))
        waiting = one.await_("photo.retried", path="large.png")
        assert "its results can take 6 MiB" in waiting["reason"]
        write_photo(one.inbox / "small.png")
        one.await_("photo.filed", path="small.png")
        assert not one.said("service.paused")
        subprocess.run(["mount", "-o", "remount,size=64m", str(one.results)], check=True)
        one.await_("photo.filed", path="large.png")


def test_a_photo_process_that_is_killed_leaves_no_private_copy(daemon: Make) -> None:
    profile = {"preprocess": [{"misbehave": {"when_red": {66: "die"}}}], "outputs": ["matte"]}
    one = daemon(profiles={"plain": profile}, limits={"attempts": 1})
    one.start()
    write_photo(one.inbox / "poison.png", red=66)
    one.await_("photo.quarantined")
    assert not list((one.root / "state" / "snapshots").iterdir())


def test_a_folder_without_its_marker_is_taken_for_absent(daemon: Make) -> None:
    one = daemon(folder={"marker": ".here"})
    write_photo(one.inbox / "a.png")
    one.start()
    one.await_("folder.paused")
    (one.inbox / ".here").touch()
    one.await_("photo.filed")


def test_two_daemons_on_one_folder_are_refused_in_one_line(daemon: Make) -> None:
    one = daemon()
    one.start()
    config = one.root / "second.yaml"
    config.write_text("state_dir: state2\nfolders: [{watch: inbox, results: results2}]\n")
    command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4
    assert "another matted watches" in done.stderr
    assert "Traceback" not in done.stderr


def test_duplicates_are_skipped_where_the_settings_say_so(daemon: Make) -> None:
    one = daemon(folder={"duplicates": "skip"}, workers=2, engine={"matte_s": 0.3})
    one.start()
    for name in ("a.png", "b.png", "sub/c.png"):
        write_photo(one.inbox / name, red=120)
    write_photo(one.inbox / "other.png", red=121)
    one.await_("photo.filed", count=2)
    one.await_("photo.unchanged", count=2)
    assert len(one.mattes()) == 2


def test_a_photo_that_wants_all_memory_fails_alone(daemon: Make) -> None:
    one = daemon(limits={"photo_memory_mb": 700, "attempts": 1})
    one.start()
    write_photo(one.inbox / "huge.bmp", size=(12000, 10000))
    write_photo(one.inbox / "small.png", red=99)
    one.await_("photo.filed", path="small.png")
    one.await_("photo.quarantined", path="huge.bmp")
    assert len(one.mattes()) == 1
