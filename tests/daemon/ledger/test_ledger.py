"""The ledger's file: kept over restarts, shared with others, refused where it is none."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from ledger_photos import noticed, publishing, seen

from daemon.errors import LedgerTrouble
from daemon.ledger import Ledger, State


def test_everything_is_still_there_after_a_restart(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        photo = publishing(ledger)
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        assert ledger.recover().publishing[0].photo == photo


def test_others_may_read_while_the_daemon_writes(tmp_path: Path) -> None:
    with (
        Ledger.open(tmp_path / "ledger.db") as ledger,
        Ledger.open(tmp_path / "ledger.db", read_only=True) as reader,
    ):
        noticed(ledger)
        assert reader.counts()[State.WAITING] == 1
        with pytest.raises(LedgerTrouble, match="readonly"):
            reader.claim(100.0)


def test_another_process_may_requeue_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        photos = [noticed(ledger, seen(path=str(number).encode())) for number in range(20)]
        for photo in photos:
            ledger.failed(photo.id, "bad", now_s=100.0)

        def retry_all() -> None:
            with Ledger.open(path) as other:
                for photo in photos:
                    assert other.requeue(photo.id, now_s=100.0)

        thread = threading.Thread(target=retry_all)
        thread.start()
        taken = []
        while len(taken) < 20:
            if photo := ledger.claim(200.0):
                taken.append(photo.id)
        thread.join()
        assert sorted(taken) == [photo.id for photo in photos]


def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"my holiday photos" * 1000)
    with pytest.raises(LedgerTrouble, match="not a database"):
        Ledger.open(tmp_path / "ledger.db")
    assert (tmp_path / "ledger.db").read_bytes() == b"my holiday photos" * 1000


def test_a_ledger_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerTrouble, match="version 99"):
        Ledger.open(tmp_path / "ledger.db")


def test_a_ledger_that_is_missing_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(LedgerTrouble, match="cannot be opened"):
        Ledger.open(tmp_path / "ledger.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_trouble_of_the_ledger_and_leaves_it_whole(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        noticed(ledger)
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerTrouble, match="full"):
            ledger.notice_all([seen(path=b"x" * 200 + str(n).encode()) for n in range(500)], 100.0)
        ledger._connection.execute("PRAGMA max_page_count = 1000000")
        assert ledger.counts()[State.WAITING] == 1
        noticed(ledger, seen(path=b"b.jpg"))


def test_an_unknown_photo_is_trouble_not_silence(ledger: Ledger) -> None:
    with pytest.raises(LedgerTrouble, match="no photo 4711"):
        ledger.failed(4711, "bad", now_s=100.0)
