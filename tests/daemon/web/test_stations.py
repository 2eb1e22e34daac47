"""The page says how the next stations stand, and how a photo stands with each."""

from __future__ import annotations

import sqlite3
import time

from site_stub import Site

from daemon.machine.lock import Lock
from daemon.stations.book import Book
from daemon.stations.standing import BOOK, LOCK


def identity(site: Site) -> str:
    db = sqlite3.connect(site.root / "state" / "ledger.sqlite")
    try:
        return str(db.execute("SELECT id FROM identity").fetchone()[0])
    finally:
        db.close()


def test_nothing_is_said_where_there_are_none(site: Site) -> None:
    assert site.get("/api/session")["daemon"]["stations"] is None
    assert site.get(f"/api/photos/{site.file('alone.png')}")["handovers"] == []


def test_what_waits_and_what_was_given_up_is_told_with_the_reason(site: Site) -> None:
    photo = site.file("handed.png")
    key = f"{site.inbox}: restored"
    document = {"photo": photo, "path": "handed.png"}
    state = site.root / "state"
    with Book(state / BOOK) as book:
        book.add(identity(site), 1, [key], document, time.time())
        book.add("a" * 16, 1, [key], document, time.time())
        book.away(key, "nobody listens", time.time())
        told = site.get("/api/session")["daemon"]["stations"]
        assert (told["running"], told["troubled"]) == (False, True)
        (one,) = told["stations"]
        assert (one["name"], one["waiting"], one["failed"]) == ("restored", 2, 0)
        assert (one["reason"], one["wanted"]) == ("nobody listens", False)
        (handed,) = site.get(f"/api/photos/{photo}")["handovers"]
        assert (handed["station"], handed["state"]) == ("restored", "waiting")
        entry = book.due(key, 1e12)
        assert entry is not None
        book.failed(entry, "its answer is no picture", time.time())
        with Lock(state / LOCK):
            assert site.get("/api/session")["daemon"]["stations"]["running"]
    (handed,) = site.get(f"/api/photos/{photo}")["handovers"]
    assert (handed["state"], handed["reason"]) == ("failed", "its answer is no picture")
