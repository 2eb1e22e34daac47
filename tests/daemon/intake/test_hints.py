"""Hints come from real inotify, and are never missed silently."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.intake.hints import Hint, HintedFolder, Hints


class Listener:
    """Collects hints as the main loop does, and complaints."""

    def __init__(self, *folders: Path, recursive: bool = True, limit: int = 10_000) -> None:
        self.woken = threading.Event()
        self.troubles: list[tuple[str, str]] = []
        self.hints = Hints(
            [HintedFolder(str(folder), recursive) for folder in folders],
            wake=self.woken.set,
            on_trouble=lambda folder, reason: self.troubles.append((folder, reason)),
            limit=limit,
        )
        self.heard: set[Hint] = set()
        self.overflowed = False

    def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self.woken.wait(0.02)
            self.woken.clear()
            hinted = self.hints.drain()
            self.heard |= set(hinted.hints)
            self.overflowed |= hinted.overflowed
            if condition():
                return True
        return False

    def hears(self, path: bytes, *, tree: bool = False) -> bool:
        return self.until(lambda: any((h.path, h.tree) == (path, tree) for h in self.heard))


@contextmanager
def listening(*folders: Path, recursive: bool = True, limit: int = 10_000) -> Iterator[Listener]:
    listener = Listener(*folders, recursive=recursive, limit=limit)
    listener.hints.start()
    try:
        yield listener
    finally:
        listener.hints.stop()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


def test_a_new_file_is_hinted_at_and_wakes_the_loop(inbox: Path) -> None:
    with listening(inbox) as listener:
        (inbox / "a.jpg").write_bytes(b"picture")
        assert listener.woken.wait(5)
        assert listener.hears(b"a.jpg")
        assert {hint.folder for hint in listener.heard} == {str(inbox)}
        assert listener.troubles == []


def test_a_file_renamed_into_place_is_hinted_at_under_its_final_name(inbox: Path) -> None:
    with listening(inbox) as listener:
        (inbox / ".a.part").write_bytes(b"picture")
        (inbox / ".a.part").rename(inbox / "a.jpg")
        assert listener.hears(b"a.jpg")


def test_a_file_moved_in_from_elsewhere_is_hinted_at(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "b.jpg").write_bytes(b"picture")
    with listening(inbox) as listener:
        (tmp_path / "b.jpg").rename(inbox / "b.jpg")
        assert listener.hears(b"b.jpg")


def test_a_writer_that_does_not_close_is_hinted_at(inbox: Path) -> None:
    with listening(inbox) as listener, (inbox / "slow.jpg").open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        assert listener.hears(b"slow.jpg")


def test_names_are_bytes(inbox: Path) -> None:
    with listening(inbox) as listener:
        name = b"caf\xe9\n.jpg"
        os.close(os.open(os.path.join(os.fsencode(inbox), name), os.O_CREAT | os.O_WRONLY))
        assert listener.hears(name)


def test_a_directory_moved_in_asks_for_a_scan_of_its_tree(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "album" / "1950").mkdir(parents=True)
    (tmp_path / "album" / "1950" / "a.jpg").write_bytes(b"picture")
    with listening(inbox) as listener:
        (tmp_path / "album").rename(inbox / "album")
        assert listener.hears(b"album", tree=True)
        (inbox / "album" / "1950" / "b.jpg").write_bytes(b"picture")
        assert listener.hears(b"album/1950/b.jpg")


def test_a_directory_and_its_file_made_at_once_are_not_lost(inbox: Path) -> None:
    """The watch on the new directory may come too late for the file: the tree hint covers it."""
    with listening(inbox) as listener:
        for number in range(50):
            directory = inbox / f"d{number}"
            directory.mkdir()
            (directory / "a.jpg").write_bytes(b"picture")
        for number in range(50):
            assert listener.hears(f"d{number}".encode(), tree=True)


def test_sub_folders_are_not_watched_unless_asked(inbox: Path) -> None:
    (inbox / "sub").mkdir()
    with listening(inbox, recursive=False) as listener:
        (inbox / "sub" / "a.jpg").write_bytes(b"picture")
        (inbox / "marker.jpg").write_bytes(b"picture")
        assert listener.hears(b"marker.jpg")
        assert b"sub/a.jpg" not in {hint.path for hint in listener.heard}


def test_too_many_hints_become_one_wish_for_a_scan(inbox: Path) -> None:
    with listening(inbox, limit=10) as listener:
        for number in range(50):
            (inbox / f"{number}.jpg").write_bytes(b"picture")
        assert listener.until(lambda: listener.overflowed)
        while listener.woken.wait(0.3):  # the rest of the fifty must not crowd out the next one
            listener.woken.clear()
            listener.hints.drain()
        (inbox / "later.jpg").write_bytes(b"picture")
        assert listener.hears(b"later.jpg")


def test_a_folder_that_is_away_is_reported_and_the_others_are_watched(
    inbox: Path, tmp_path: Path
) -> None:
    with listening(tmp_path / "away", inbox) as listener:
        assert [folder for folder, _ in listener.troubles] == [str(tmp_path / "away")]
        (inbox / "a.jpg").write_bytes(b"picture")
        assert listener.hears(b"a.jpg")


def test_a_folder_that_came_back_is_watched_again_once_renewed(inbox: Path) -> None:
    with listening(inbox) as listener:
        shutil.rmtree(inbox)
        inbox.mkdir()
        listener.hints.renew(str(inbox))
        (inbox / "a.jpg").write_bytes(b"picture")
        assert listener.hears(b"a.jpg")


def test_a_folder_on_a_file_system_without_events_is_reported_once() -> None:
    listener = Listener(Path("/proc/self/away"))
    listener.hints.start()
    listener.hints.renew("/proc/self/away")
    listener.hints.stop()
    assert len(listener.troubles) == 1


def test_no_inotify_instance_left_is_reported_and_lived_with(inbox: Path) -> None:
    listener = Listener(inbox)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        listener.hints.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(listener.troubles) == 1
    assert listener.hints.drain().hints == ()
    listener.hints.stop()


DRAIN = """
import sys, threading
from daemon.intake.hints import Hints, HintedFolder
woken = threading.Event()
hints = Hints([HintedFolder(sys.argv[1], True)], wake=woken.set, on_trouble=print)
hints.start()
print("watching", flush=True)
overflowed = False
while not overflowed and woken.wait(20):
    woken.clear()
    overflowed = hints.drain().overflowed
print(overflowed)
hints.stop()
"""


def test_events_lost_by_the_kernel_become_a_wish_for_a_scan(inbox: Path) -> None:
    """More files than the kernel's queue holds, while the daemon is stopped."""
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if queue > 50_000:
        pytest.skip("the kernel's queue is too long to be filled here")
    command = [sys.executable, "-c", DRAIN, str(inbox)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"watching\n"
        child.send_signal(signal.SIGSTOP)
        for number in range(queue // 2 + 1000):  # two events each
            os.close(os.open(inbox / f"{number}.jpg", os.O_CREAT | os.O_WRONLY))
        child.send_signal(signal.SIGCONT)
        told = child.stdout.read()
    assert told == b"True\n"


WATCH = """
import sys, threading
from daemon.intake.hints import Hints, HintedFolder
hints = Hints([HintedFolder(sys.argv[1], True)], wake=lambda: None, on_trouble=print)
hints.start()
hints.stop()
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace makes the kernel refuse watches")
@pytest.mark.parametrize(("when", "told"), [("1+", "no events"), ("2+", "not all events")])
def test_the_watch_limit_is_reported_once(inbox: Path, when: str, told: str) -> None:
    """Watchdog itself is silent when the limit is reached in a sub-folder."""
    for number in range(3):
        (inbox / f"d{number}").mkdir()
    fault = f"inject=inotify_add_watch:error=ENOSPC:when={when}"
    strace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=inotify_add_watch", "-e", fault]
    command = [*strace, sys.executable, "-c", WATCH]
    child = subprocess.run([*command, str(inbox)], capture_output=True, text=True, check=True)
    lines = child.stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{inbox} {told}: inotify watch limit reached")


def test_no_thread_is_left_after_stop(inbox: Path) -> None:
    before = threading.active_count()
    with listening(inbox) as listener:
        (inbox / "a.jpg").write_bytes(b"picture")
        assert listener.hears(b"a.jpg")
    assert threading.active_count() == before


def test_the_end_of_a_folder_itself_is_noted_but_not_our_own_doing(inbox: Path) -> None:
    with listening(inbox) as listener:
        listener.hints.renew(str(inbox))
        (inbox / "sub").mkdir()
        (inbox / "sub").rmdir()
        (inbox / "a.jpg").write_bytes(b"picture")
        assert listener.hears(b"a.jpg")
        assert not listener.hints.lost(str(inbox))
        shutil.rmtree(inbox)
        assert listener.until(lambda: listener.hints.lost(str(inbox)))
        inbox.mkdir()
        listener.hints.renew(str(inbox))
        assert not listener.hints.lost(str(inbox))
