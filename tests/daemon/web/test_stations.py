"""The page says how the next stations stand, and how a photo stands with each."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

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


def test_the_page_says_it_by_keyboard_alone_and_hears_of_changes(chromium: Any, site: Site) -> None:
    photo = site.file("station.png")
    key = f"{site.inbox}: garden"
    with Book(site.root / "state" / BOOK) as book:
        for entry in iter(lambda: book.due(f"{site.inbox}: restored", 1e12), None):
            book.filed(entry, time.time())
        book.add(identity(site), 9, [key], {"photo": photo, "path": "station.png"}, time.time())
        context = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 800})
        one = context.new_page()
        one.goto(f"http://127.0.0.1:{site.port}/#token={site.token}")
        one.wait_for_selector("html[data-ready]")
        one.evaluate(f"location.hash = '#/photo/{photo}'")
        one.wait_for_selector(".handovers .waiting")
        one.focus("#bar .stations")
        one.keyboard.press("Enter")
        one.wait_for_selector("dialog:has-text('`matted stations` does not run')")
        assert "1 waiting" in one.inner_text("dialog table")
        one.keyboard.press("Escape")
        one.wait_for_selector("dialog", state="detached")
        entry = book.due(key, 1e12)
        assert entry is not None
        book.filed(entry, time.time())
        one.wait_for_selector(".handovers .filed")
        context.close()
