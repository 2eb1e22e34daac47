"""Events that are lost, late, misleading or refused: the scan finds what they do not tell.

Where events alone could be the reason for a photo to be found, scans come once in ten minutes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from harness import Daemon, wait_until
from sending import Sending
from summary import Tally

Make = Callable[..., Daemon]
SELDOM = {"scan_s": 600}
ENTER = 'echo "$0" > "$1" && shift && exec "$@"'


def limited(what: str, to: int) -> tuple[str, ...]:
    """A prefix that runs a command under a limit of its own, in a user namespace."""
    file = f"/proc/sys/user/max_inotify_{what}"
    prefix = ("unshare", "--user", "--map-root-user", "sh", "-c", ENTER, str(to), file)
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("NOT TESTED: no user namespace can be made here, so inotify cannot be limited")
    return prefix


def missed(one: Daemon) -> int:
    """What ``matted status`` says of photos found by a scan alone."""
    command = [sys.executable, "-m", "daemon", "status", "--json", "--config", str(one.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return int(json.loads(done.stdout)["daemon"]["folders"][str(one.inbox)]["missed"])


@pytest.mark.faults
def test_an_overflow_of_the_event_queue_loses_no_photo(daemon: Make, tally: Tally) -> None:
    """The kernel remembers 16,384 events: the photos come after it has begun to forget."""
    one = daemon(folder=SELDOM, workers=2)
    one.start()
    assert one.child is not None
    os.kill(one.child.pid, signal.SIGSTOP)
    try:
        for number in range(19_800):
            (one.inbox / f"{number}.tmp").touch()
        sending = Sending(one, tally)
        sending.put(*(f"{number}.png" for number in range(200)))
    finally:
        os.kill(one.child.pid, signal.SIGCONT)
    sending.arrive()
    told = one.await_("folder.events_missed", in_all=200)
    assert told["folder"] == str(one.inbox)
    wait_until(lambda: missed(one) == 200)
    sending.audit()


@pytest.mark.parametrize("folders", [30, pytest.param(500, marks=pytest.mark.faults)])
def test_a_storm_of_new_folders_with_a_photo_in_each(
    daemon: Make, tally: Tally, folders: int
) -> None:
    """The watch on a new folder often comes too late for the file in it."""
    one = daemon(folder=SELDOM, workers=2)
    one.start()
    sending = Sending(one, tally)
    sending.put(*(f"{number}/deeper/a.png" for number in range(folders)))
    sending.arrive()
    sending.audit()


@pytest.mark.faults
def test_folders_moved_in_bring_their_photos(daemon: Make, tally: Tally) -> None:
    one = daemon(folder=SELDOM, workers=2)
    one.start()
    sending = Sending(one, tally)
    for number in range(20):
        album = one.root / f"album{number}"
        (album / "1950").mkdir(parents=True)
        path = f"album{number}/1950/a.png"
        (one.root / path).write_bytes(sending.content(path))
        album.rename(one.inbox / album.name)
        sending.put(f"album{number}/1950/later.png")
    sending.arrive()
    sending.audit()


@pytest.mark.faults
def test_files_count_under_the_names_they_are_given_last(daemon: Make, tally: Tally) -> None:
    """Upload programs write under a temporary name, some under a picture's, and rename."""
    one = daemon(folder=SELDOM | {"settle_s": 1}, workers=2)
    one.start()
    sending = Sending(one, tally)
    for number in range(30):
        first = one.inbox / (f"{number}.png.part", f".{number}", f"upload{number}.png")[number % 3]
        first.write_bytes(sending.content(f"{number}.png"))
        first.rename(one.inbox / f"{number}.png")
    sending.arrive()
    sending.audit()


@pytest.mark.faults
@pytest.mark.parametrize(
    ("what", "to", "reason"),
    [("watches", 3, "inotify watch limit"), ("instances", 0, "inotify instance limit")],
)
def test_photos_are_found_when_inotify_has_next_to_nothing_left(
    daemon: Make, tally: Tally, what: str, to: int, reason: str
) -> None:
    one = daemon(folder={"scan_s": 2}, workers=2)
    sending = Sending(one, tally)
    for number in range(10):
        (one.inbox / str(number)).mkdir()
    one.start(prefix=limited(what, to))
    blind = one.await_("folder.blind")
    assert "the scan finds what events do not tell" in blind["reason"]
    assert reason in blind["reason"]
    sending.put(*(f"{number}/a.png" for number in range(10)))
    sending.put("fresh/a.png", "a.png")
    sending.arrive()
    one.await_("folder.events_missed")
    wait_until(lambda: missed(one) > 0)
    assert len(one.said("folder.blind")) <= 2
    sending.audit()
