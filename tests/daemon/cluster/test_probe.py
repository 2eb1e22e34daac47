"""A worker sees the same share, or it is found out, whatever lies at the same path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from daemon.cluster.paths import mapped
from daemon.cluster.probe import Question, View, probe, to_read, to_write


def asked(question: Question, paths: dict[str, str]) -> View:
    """As over the line: JSON values both ways."""
    return question.judged(probe(question.args(), paths))


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    for name in ("inbox", "results"):
        (tmp_path / "scans" / name).mkdir(parents=True)
    return tmp_path / "scans"


def everything(directory: Path) -> list[str]:
    return sorted(str(one.relative_to(directory)) for one in directory.rglob("*"))


def test_the_same_share_is_known_and_nothing_stays_on_it(scans: Path) -> None:
    with to_read(scans / "inbox") as question:
        assert asked(question, {}).trouble is None
    with to_write(scans / "results") as question:
        view = asked(question, {})
    assert (view.trouble, abs(view.clock_s - time.time()) < 5) == (None, True)
    assert everything(scans) == ["inbox", "results"]


def test_the_same_share_at_another_path_is_known(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "studio").symlink_to(scans)
    with to_write(scans / "results") as question:
        view = asked(question, {str(scans): str(tmp_path / "studio")})
    assert view.trouble is None
    assert view.path.startswith(str(tmp_path / "studio" / "results"))


@pytest.mark.parametrize("ask", [to_read, to_write])
def test_another_share_at_the_same_path_is_found_out(scans: Path, ask: Any) -> None:
    """The worker's mount is another one, with the same folders in it."""
    other = scans.with_name("other")
    with ask(scans / "results") as question:
        shutil.copytree(scans, other)
        for left in other.rglob(".matted-probe-*"):
            left.unlink()
        assert asked(question, {str(scans): str(other)}).trouble == (
            "another folder is there, or none"
        )


def test_a_copy_of_the_share_is_found_out_by_what_is_written(
    scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mirrored, as by a program that synchronises folders: only the answer goes astray."""
    monkeypatch.setattr("daemon.cluster.probe._SEEN_WITHIN_S", 0.1)
    mirror = scans.with_name("mirror")
    with to_write(scans / "results") as question:
        shutil.copytree(scans, mirror)
        assert asked(question, {str(scans): str(mirror)}).trouble == (
            "what it wrote is not to be seen here"
        )


def test_an_older_copy_of_the_file_is_found_out(scans: Path) -> None:
    with to_read(scans / "inbox") as question:
        old = scans.with_name("old")
        shutil.copytree(scans, old)
        (old / "inbox" / os.fsdecode(os.path.basename(question.path))).write_bytes(b"0" * 16)
        told = asked(question, {str(scans): str(old)}).trouble
    assert told == "another folder is there, with a file of this name"


def test_an_answer_that_is_seen_late_counts(scans: Path) -> None:
    """Shares may keep for seconds what they knew of a directory."""
    mirror = scans.with_name("mirror")
    with to_write(scans / "results") as question:
        shutil.copytree(scans, mirror)
        told = probe(question.args(), {str(scans): str(mirror)})
        answer = Path(os.fsdecode(os.path.dirname(question.path))) / "answer"
        writing = threading.Timer(0.4, lambda: answer.write_bytes(question.content))
        writing.start()
        assert question.judged(told).trouble is None
        writing.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can be another user")
def test_a_worker_of_another_user_cannot_stage_and_says_so(scans: Path, tmp_path: Path) -> None:
    code = (
        "import json, os, sys; from daemon.cluster.probe import probe; "
        "os.setgid(65534); os.setuid(65534); "
        "print(json.dumps(probe(json.loads(sys.argv[1]), {})))"
    )
    for directory in (tmp_path, *tmp_path.parents[:3]):
        if str(directory).count("/") > 1:
            directory.chmod(0o755)
    with to_write(scans / "results") as question:
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(question.args())],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
        )
        view = question.judged(json.loads(done.stdout))
    assert view.trouble == "Permission denied"


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"path": 1, "clock_s": 0},
        {"path": "/a", "clock_s": "now"},
        {"path": "/a", "clock_s": 0.0, "content": 7},
        {"path": "/a\x1b[2J", "clock_s": 0.0, "trouble": {"a": "\n"}},
    ],
)
def test_a_worker_may_say_anything(scans: Path, told: dict[str, Any]) -> None:
    with to_read(scans / "inbox") as question:
        view = question.judged(told)
    assert view.trouble is not None
    assert (view.path + view.trouble).isprintable()


@pytest.mark.parametrize(
    ("path", "here"),
    [
        (b"/srv/scans/inbox/a.jpg", b"/mnt/studio/inbox/a.jpg"),
        (b"/srv/scans", b"/mnt/studio"),
        (b"/srv/scans2/a.jpg", b"/srv/scans2/a.jpg"),
        (b"/srv/scans/results/x", b"/fast/x"),
        (b"/srv//scans/x", b"/mnt/studio/x"),
        (b"/srv/scans/\xff.jpg", b"/mnt/studio/\xff.jpg"),
        (b"/other", b"/other"),
    ],
)
def test_the_longest_mapped_directory_counts(path: bytes, here: bytes) -> None:
    assert mapped(path, {"/srv/scans": "/mnt/studio", "/srv/scans/results": "/fast"}) == here


def test_everything_may_lie_elsewhere() -> None:
    assert mapped(b"/srv/scans/a", {"/": "/net/studio"}) == b"/net/studio/srv/scans/a"
