"""Results in a studio's folder, which others use, and in which others stage."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Daemon, wait_until, write_photo

from daemon.machine import instance
from daemon.photo import Photo
from daemon.shelf import roots, staging

Make = Callable[..., Daemon]
MakePhoto = Callable[..., Photo]
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED without root: namespaces")


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.lstat().st_mode):04o}"


def test_what_is_filed_has_the_folders_rights_whatever_the_daemons_umask(daemon: Make) -> None:
    """A group's folder got 0600 from a strict umask, and 0644 from the usual one."""
    one = daemon(folder={"give_up_s": 0})
    one.results.mkdir()
    group = one.results.stat().st_gid
    one.results.chmod(0o2770)
    before = os.umask(0o077)
    try:
        one.start()
    finally:
        os.umask(before)
    write_photo(one.inbox / "roll 7" / "a.png")
    one.await_("photo.filed")
    (one.inbox / "half.png").write_bytes((one.inbox / "roll 7" / "a.png").read_bytes()[:200])
    one.await_("photo.quarantined")
    (matte,) = one.results.rglob("*_matte.png")
    (report,) = (one.results / "failed").glob("*.json")
    assert (mode(matte), mode(report)) == ("0660", "0660")
    hidden = one.results / ".matted-staging"
    assert mode(hidden) in {"0700", "2700"}
    made = [path for path in one.results.rglob("*") if path.is_dir() and hidden not in path.parents]
    assert {mode(path) for path in made if path != hidden} == {"2770"}
    assert {path.stat().st_gid for path in (*made, matte, report)} == {group}


STAGE = """
import sys
from pathlib import Path
from daemon.photo import Photo, Version
from daemon.shelf import staging
photo = Photo(12, "/in", b"a.png", Version(1, 1, 1, 1), 1, 0.0)
print(staging.stage(Path(sys.argv[1]), photo).decode(), flush=True)
sys.stdin.read()
"""


@ROOT
def test_two_containers_with_a_process_1_do_not_share_what_is_staged(tmp_path: Path) -> None:
    """Each took the other's for its own from an earlier run, and emptied it."""
    results = tmp_path / "results"
    results.mkdir()
    staging.establish(results, lambda _: None)
    command = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", STAGE]
    command.append(str(results))
    children = [
        subprocess.Popen(
            [*command, str(results)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        stages = [Path(child.stdout.readline().strip()) for child in children if child.stdout]
        assert len(set(stages)) == 2
        staging.sweep(results, keep=())
        staging.discard(results, 12)
        assert all(stage.is_dir() for stage in stages)
    finally:
        for child in children:
            child.communicate()


def test_what_another_machine_left_long_ago_is_swept(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    staging.establish(results, lambda _: None)
    inside = results / os.fsdecode(roots.STAGING)
    for age_days in (0, 3):
        stage = inside / f"7-1-{age_days + 1}-0123456789ab"
        stage.mkdir()
        (stage / "0.png").write_text("matte")
        when_s = stage.stat().st_mtime - age_days * 86400
        os.utime(stage, (when_s, when_s))
    staging.sweep(results, keep=())
    assert [path.name for path in inside.iterdir()] == ["7-1-1-0123456789ab"]


def test_what_an_earlier_version_staged_is_judged_by_its_process_alone(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    staging.establish(results, lambda _: None)
    inside = results / os.fsdecode(roots.STAGING)
    dead = subprocess.Popen(["true"])
    dead.wait()
    for process in (1, dead.pid):
        (inside / f"7-1-{process}").mkdir()
    staging.sweep(results, keep=())
    assert instance.is_alive(1)
    wait_until(lambda: [path.name for path in inside.iterdir()] == ["7-1-1"])
