"""What crashes, hangs or is killed (engine, photo process, daemon) costs no photo but its own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Daemon, family, wait_until, write_photo

Make = Callable[..., Daemon]


def test_an_engine_that_dies_costs_only_the_photo_that_killed_it(daemon: Make) -> None:
    engine = {"matte_s": 0.2, "when_red": {"66": "exit"}}
    one = daemon(engine=engine, workers=2, limits={"attempts": 2})
    one.start()
    write_photo(one.inbox / "poison.png", red=66)
    for number in range(4):
        write_photo(one.inbox / f"good{number}.png", red=100 + number)
    one.await_("photo.filed", count=4)
    report = one.await_("photo.quarantined")
    assert report["path"] == "poison.png"
    assert "tried 2 times" in report["reason"]
    assert len(one.said("engine.crashed")) == 2
    (quarantined,) = one.reports()
    assert quarantined["path"] == "poison.png"
    assert quarantined["attempts"] == 2
    assert (one.inbox / "poison.png").exists()
    assert len(one.mattes()) == 4


def test_an_engine_that_hangs_is_restarted_at_its_deadline(daemon: Make) -> None:
    one = daemon(engine={"when_red": {"66": "hang"}})
    one.configure({}, {"limits": {"attempts": 1}, "engine": {"timeout_s": 1}})
    one.start()
    write_photo(one.inbox / "hangs.png", red=66)
    write_photo(one.inbox / "later.png", red=99)
    assert one.await_("photo.quarantined")["path"] == "hangs.png"
    assert one.await_("photo.filed")["path"] == "later.png"
    assert one.said("engine.deadline_missed")


@pytest.mark.parametrize("behaviour", ["babble", "wrong_shape", "refuse", "raise"])
def test_an_engine_that_misbehaves_loses_no_other_photo(daemon: Make, behaviour: str) -> None:
    one = daemon(engine={"when_red": {"66": behaviour}}, limits={"attempts": 1})
    one.start()
    write_photo(one.inbox / "a.png", red=66)
    write_photo(one.inbox / "b.png", red=99)
    one.await_("photo.filed", path="b.png")
    if behaviour == "babble":
        one.await_("photo.filed", path="a.png")
    else:
        one.await_("photo.quarantined", path="a.png")
        assert len(one.reports()) == 1


def test_out_of_memory_is_tried_once_more_at_a_smaller_size(daemon: Make) -> None:
    """The stub runs out of memory whenever the top left pixel is 66; smaller is no cure here."""
    one = daemon(engine={"when_red": {"66": "out_of_memory"}}, limits={"attempts": 1})
    one.start()
    write_photo(one.inbox / "a.png", red=66, size=(300, 200))
    assert "99 GiB" in one.await_("photo.quarantined")["reason"]


def photo_processes(one: Daemon) -> list[int]:
    assert one.child is not None
    return [
        pid
        for pid in family(one.child.pid)[1:]
        if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()
    ]


def test_a_killed_photo_process_costs_only_its_photo(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 8.0, "when_red": {"99": "obey"}})
    one.start()
    write_photo(one.inbox / "a.png")
    wait_until(lambda: any(one.results.glob(".matted-staging/1-1-*")))
    wait_until(lambda: bool(photo_processes(one)))
    time.sleep(5)  # until it waits for the engine
    for pid in photo_processes(one):
        os.kill(pid, signal.SIGKILL)
    retried = one.await_("photo.retried")
    assert retried["reason"] == "the photo process was killed by SIGKILL"
    one.await_("photo.filed")
    assert len(one.mattes()) == 1


def test_an_idle_photo_process_that_is_killed_costs_no_photo_anything(daemon: Make) -> None:
    one = daemon()
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.filed", path="a.png")
    for pid in photo_processes(one):
        os.kill(pid, signal.SIGKILL)
    write_photo(one.inbox / "b.png")
    assert one.await_("photo.filed", path="b.png")
    assert all(
        photo["reason"].startswith("the photo processes") for photo in one.said("photo.retried")
    )


def test_a_killed_daemon_leaves_no_process_and_the_next_takes_up_its_work(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 0.5}, workers=2)
    one.start()
    for number in range(6):
        write_photo(one.inbox / f"{number}.png", red=100 + number)
    one.await_("photo.filed")
    assert one.child is not None
    orphans = family(one.child.pid)[1:]
    os.kill(one.child.pid, signal.SIGKILL)
    one.child.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
    one.start()
    wait_until(lambda: len(one.mattes()) == 6, 60)
    one.stop()
    assert len(one.mattes()) == 6
    assert not one.reports()


def test_stopping_lets_photos_in_flight_finish(daemon: Make) -> None:
    one = daemon(engine={"matte_s": 1.0})
    one.start()
    write_photo(one.inbox / "a.png")
    one.await_("photo.started")
    assert one.stop() == 0
    assert len(one.mattes()) == 1
