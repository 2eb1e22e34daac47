"""A daemon waits for folders that are away, and hardly works while there is nothing to do."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from harness import Daemon, write_photo

Make = Callable[..., Daemon]


def test_a_watched_folder_that_goes_away_pauses_and_resumes(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed")
    one.inbox.rename(one.root / "elsewhere")
    one.await_("folder.paused")
    (one.root / "elsewhere").rename(one.inbox)
    one.await_("folder.resumed")
    write_photo(one.inbox / "b.png")
    one.await_("photo.filed", path="b.png")
    assert len(one.mattes()) == 2


def test_results_that_cannot_be_written_pause_everything_and_it_resumes(daemon: Make) -> None:
    one = daemon()
    one.start()
    shutil.rmtree(one.results)
    one.results.write_text("a file where the folder was")
    write_photo(one.inbox / "a.png")
    one.await_("service.paused")
    one.results.unlink()
    one.results.mkdir()
    one.await_("service.resumed")
    one.await_("photo.filed")
    assert one.said("photo.filed")[0]["path"] == "a.png"
    assert not one.reports()


def cpu_s(one: Daemon) -> float:
    assert one.child is not None
    fields = Path(f"/proc/{one.child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_daemon_that_finds_nothing_to_do_sleeps(daemon: Make) -> None:
    one = daemon(folder={"scan_s": 2})
    for number in range(3):
        write_photo(one.inbox / f"{number}.png")
    one.start()
    one.await_("photo.filed", count=3)
    before = cpu_s(one)
    time.sleep(4)
    assert cpu_s(one) - before < 0.2


def test_a_queue_that_has_to_wait_for_its_folder_does_not_keep_the_daemon_busy(
    daemon: Make,
) -> None:
    one = daemon(engine={"matte_s": 1.0})
    one.start()
    for number in range(5):
        write_photo(one.inbox / f"{number}.png", red=100 + number)
    one.await_("photo.started")
    one.inbox.rename(one.root / "away")
    one.await_("folder.paused")
    time.sleep(3)
    before = cpu_s(one)
    time.sleep(3)
    assert cpu_s(one) - before < 0.3
    (one.root / "away").rename(one.inbox)
    one.await_("photo.filed", count=5)
