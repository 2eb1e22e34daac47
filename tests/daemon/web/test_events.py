"""Events come again, and nothing is missed, whatever becomes of the ledger meanwhile."""

from __future__ import annotations

import asyncio
import http.client
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from site_stub import Site

from daemon.config import load
from daemon.ledger import Ledger
from daemon.ledger.gallery import Gallery
from daemon.web.news import News
from daemon.web.place import Place

WITHIN_S = 40


class Heard:
    """One open stream of events."""

    def __init__(self, site: Site) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=WITHIN_S)
        headers = {"Authorization": f"Bearer {site.token}"}
        self._connection.request("GET", "/api/events", headers=headers)
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        name = ""
        with suppress(OSError, http.client.HTTPException):  # it is closed
            for line in self._response:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    self._events.put((name, json.loads(value)))

    def until(self, wanted: Callable[[str, Any], bool]) -> Any:
        until_s = time.monotonic() + WITHIN_S
        seen = []
        while time.monotonic() < until_s:
            try:
                name, document = self._events.get(timeout=1)
            except queue.Empty:
                continue
            seen.append((name, document))
            if wanted(name, document):
                return document
        raise AssertionError(seen)

    def photo(self, name: str) -> Any:
        """Wait until a photo is told of."""

        def told(event: str, document: Any) -> bool:
            photos = document.get("photos") or () if event == "photos" else ()
            return name in {one["name"] for one in photos}

        return self.until(told)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._response.close()
        self._connection.close()


@pytest.fixture
def heard(site: Site, request: pytest.FixtureRequest) -> Iterator[Heard]:
    one = Heard(site)
    try:
        one.until(lambda name, _: name == "daemon")
        site.file(f"{request.node.name}.png")
        one.photo(f"{request.node.name}.png")
        yield one
    finally:
        one.close()


def moved(site: Site, suffix: str) -> list[tuple[Path, Path]]:
    """The ledger's files, and where they are moved to and fro."""
    state = site.root / "state"
    return [(path, path.with_name(path.name + suffix)) for path in state.glob("ledger.sqlite*")]


def test_a_ledger_that_was_exchanged_is_followed(site: Site, heard: Heard) -> None:
    """SQLite went on with the old file, in which nothing happens any more, and said nothing."""
    site.ledger.close()
    for path, aside in moved(site, ".old"):
        path.rename(aside)
    site.ledger = Ledger.open(site.root / "state" / "ledger.sqlite")
    heard.until(lambda name, told: name == "daemon" and "exchanged" in str(told["paused"]))
    heard.until(lambda name, _: name == "reload")
    site.file("after.png")
    heard.photo("after.png")


def test_one_that_is_away_for_a_while_is_waited_for(site: Site, heard: Heard) -> None:
    pairs = moved(site, ".away")
    for path, aside in pairs:
        path.rename(aside)
    heard.until(lambda name, told: name == "daemon" and "ledger" in str(told["paused"]))
    status, _, _ = site.ask("GET", "/api/photos")
    assert status == 503
    for path, aside in pairs:
        aside.rename(path)
    heard.until(lambda name, _: name == "reload")
    assert site.get("/api/photos")["photos"]
    heard.until(lambda name, told: name == "daemon" and told["paused"] is None)
    site.file("again.png")
    heard.photo("again.png")


HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX, 8, 120)
print("held", flush=True)
sys.stdin.read()
"""
"""Holds all that SQLite locks of a ledger while it is read or written."""


def test_one_that_is_locked_by_somebody_is_waited_for(site: Site, heard: Heard) -> None:
    shared = str(site.root / "state" / "ledger.sqlite-shm")
    command = [sys.executable, "-c", HOLD, shared]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == b"held\n"
            heard.until(lambda name, told: name == "daemon" and "ledger" in str(told["paused"]))
        finally:
            holder.stdin.close()
    heard.until(lambda name, _: name == "reload")
    site.file("unlocked.png")
    heard.photo("unlocked.png")


def test_who_has_heard_hello_hears_of_all_that_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was filed while the ledger was being opened was taken for what had been there before."""
    site = Site(tmp_path)
    news = News(Place(load.load(site.config), site.root / "state" / "ledger.sqlite"))
    fast = news._open

    def slow() -> Gallery:
        time.sleep(0.5)
        return fast()

    monkeypatch.setattr(news, "_open", slow)

    async def listened() -> list[str]:
        events: Any = news._events()
        heard: list[str] = []
        with closing(site.ledger):
            assert "event: hello" in await anext(events)
            site.file("early.png")
            while not (heard and "early.png" in heard[-1]):
                heard.append(await asyncio.wait_for(anext(events), 5))
        await events.aclose()
        await news.close()
        return heard

    assert "event: photos" in asyncio.run(listened())[-1]
