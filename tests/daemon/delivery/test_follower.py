"""One notice that trips a fault of ours is left out, and those after it are told."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

from harness import wait_until

from daemon.delivery.follower import Follower
from daemon.ledger import Ledger
from daemon.ledger.notices import Kind, Notice
from matting.backoff import Waits


def test_a_fault_at_one_notice_is_told_and_the_next_ones_are_handed_on(
    happening, log, said
) -> None:
    heard = []

    def act(notice: Notice, _: threading.Event) -> None:
        if notice.document["photo"] == 1:
            raise KeyError("results_folder")
        heard.append(notice.document["photo"])

    one = Follower(happening.ledger.path, "test", act, kinds=(Kind.FILED,), log=log, reader="test")
    one.start()
    time.sleep(0.3)
    for _ in range(3):
        happening.file()
    wait_until(lambda: heard == [2, 3])
    one.stop()
    (left_out,) = (fact for fact in said if fact["event"] == "delivery.left_out")
    assert left_out["notice"] == 1


def test_a_ledger_that_cannot_be_read_is_waited_for(happening, log, said, monkeypatch) -> None:
    monkeypatch.setattr("daemon.delivery.follower._AGAIN", Waits(0.1, 300.0))
    path = happening.ledger.path
    heard = []
    one = Follower(
        path,
        "test",
        lambda notice, _: heard.append(notice.id),
        kinds=(Kind.FILED,),
        log=log,
        reader="test",
    )
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE reader RENAME TO away")
        db.commit()
        one.start()
        wait_until(lambda: any(fact["event"] == "delivery.delayed" for fact in said))
        db.execute("ALTER TABLE away RENAME TO reader")
        db.commit()
    time.sleep(0.5)
    happening.file()
    wait_until(lambda: bool(heard))
    one.stop()


def test_a_ledger_that_was_exchanged_is_followed(happening, log, said, monkeypatch) -> None:
    """SQLite goes on with the file that was moved away, in which nothing happens any more."""
    monkeypatch.setattr("daemon.delivery.follower._AGAIN", Waits(0.1, 300.0))
    path = happening.ledger.path
    heard: list[str] = []
    one = Follower(
        path,
        "test",
        lambda notice, _: heard.append(notice.ledger),
        kinds=(Kind.FILED,),
        log=log,
        reader="test",
    )
    one.start()
    time.sleep(0.3)
    happening.file()
    wait_until(lambda: len(heard) == 1)
    happening.ledger.close()
    for file in path.parent.glob("ledger.sqlite*"):
        file.rename(file.with_name(f"old-{file.name}"))
    with Ledger.open(path) as happening.ledger:
        wait_until(lambda: any(fact["event"] == "delivery.delayed" for fact in said))
        time.sleep(0.5)
        happening.file()
        wait_until(lambda: len(heard) == 2)
        one.stop()
    assert len(set(heard)) == 2
    (delayed,) = (fact for fact in said if fact["event"] == "delivery.delayed")
    assert "moved away or exchanged" in delayed["reason"]
