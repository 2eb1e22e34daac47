"""What changes in the ledger, told to every page that is open, by server-sent events.

One look at a time for all of them, and none while nobody listens; a page that does not keep up is
told to load everything anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from daemon.errors import LedgerTrouble
from daemon.ledger.gallery import Gallery
from daemon.ledger.place import Spot
from daemon.service import board
from daemon.service.status import midnight_s
from daemon.stations import standing
from daemon.web.answers import Problem
from daemon.web.photos import told
from daemon.web.place import Place

_LOOK_S, _BEAT_S, _AGAIN_S = 0.5, 15.0, 3.0
_MOST_LISTENERS = 64
_MOST_UNREAD = 50
_MOST_AT_ONCE = 300
"""Photos in one event; with more, pages load anew."""
_OVERLAP_S = 2.0
"""Clocks are not that exact."""


class News:
    """The answer of /api/events."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._listeners: set[asyncio.Queue[str]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._looks = asyncio.Event()
        """What was there before is known, so that whatever comes from now on is told."""
        self._trouble: str | None = None
        """Why the ledger cannot be followed at the moment."""

    async def close(self) -> None:
        """End all streams."""
        self._closing.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def stream(self, _: Request) -> Response:
        """All changes from now on."""
        if len(self._listeners) >= _MOST_LISTENERS:
            raise Problem(503, "too many pages are open")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(), 200, headers, "text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        mine: asyncio.Queue[str] = asyncio.Queue(_MOST_UNREAD)
        self._listeners.add(mine)
        if self._task is None or self._task.done():
            self._looks.clear()
            self._task = asyncio.create_task(self._watch())
        try:
            await self._looks.wait()  # a page that hears hello relies on hearing all that follows
            yield "retry: 2000\n\n" + _event("hello", {})
            yield _event("daemon", await run_in_threadpool(self._daemon))
            while not self._closing.is_set():
                try:
                    yield await asyncio.wait_for(mine.get(), _BEAT_S)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._listeners.discard(mine)

    async def _watch(self) -> None:
        """Look, as long as anybody listens, whatever becomes of the ledger meanwhile."""
        while self._listeners:
            spot = Spot.of(self._place.ledger)
            try:
                gallery = await run_in_threadpool(self._open)
                with contextlib.closing(gallery):
                    known = await run_in_threadpool(gallery.standing)
                    self._looks.set()
                    if self._trouble:  # what happened meanwhile was not seen
                        self._trouble = None
                        self._tell(_event("reload", {}))
                    await self._follow(gallery, spot, known)
            except LedgerTrouble as error:
                if str(error) != self._trouble:
                    self._trouble = str(error)
                    self._tell(_event("daemon", await run_in_threadpool(self._daemon)))
                self._looks.set()  # when it is there again, all is loaded anew
                await asyncio.sleep(_AGAIN_S)

    async def _follow(self, gallery: Gallery, spot: Spot, known: tuple[int, int]) -> None:
        """Tell what changes in one connection's view of the ledger."""
        daemon: dict[str, Any] = {}
        since_s = time.time()
        while self._listeners:
            looked_s = time.time()
            spot.demand_unchanged()
            standing = await run_in_threadpool(gallery.standing)
            if standing != known:
                document = await run_in_threadpool(_changes, gallery, since_s, known[1])
                self._tell(_event("photos", document))
            now = await run_in_threadpool(self._daemon)
            if now != daemon:
                self._tell(_event("daemon", now))
            known, daemon, since_s = standing, now, looked_s - _OVERLAP_S
            await asyncio.sleep(_LOOK_S)

    def _daemon(self) -> dict[str, Any]:
        told = daemon_news(self._place)
        return told if self._trouble is None else told | {"paused": self._trouble}

    def _open(self) -> Gallery:
        return Gallery.open(self._place.ledger, read_only=True)

    def _tell(self, event: str) -> None:
        for listener in self._listeners:
            if listener.full():
                while not listener.empty():
                    listener.get_nowait()
                listener.put_nowait(_event("reload", {}))
            else:
                listener.put_nowait(event)


def daemon_news(place: Place) -> dict[str, Any]:
    """Whether the daemon runs, and why it does nothing; and how the next stations stand."""
    running, news = board.at_present(place.settings.state_dir)
    reasons = [news.get("paused"), *(one.get("paused") for one in news.get("folders", {}).values())]
    paused = next(filter(None, reasons), None)
    return {"running": running, "paused": paused, "stations": stations_news(place)}


def stations_news(place: Place) -> dict[str, Any] | None:
    """None where no station is named and nothing was ever handed over."""
    found = standing.read(place.settings.state_dir, standing.wanted(place.settings))
    if not found.stations and found.unreadable is None:
        return None
    return found.as_json() | {"troubled": found.troubled}


def _changes(gallery: Gallery, since_s: float, decision: int) -> dict[str, Any]:
    ids = sorted(gallery.changed(since_s, decision))
    if len(ids) > _MOST_AT_ONCE:
        return {"photos": None, "numbers": gallery.numbers(since_s=midnight_s())}
    entries = (gallery.entry(photo_id) for photo_id in ids)
    photos = [told(entry) for entry in entries if entry is not None]
    return {"photos": photos, "numbers": gallery.numbers(since_s=midnight_s())}


def _event(name: str, document: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(document, separators=(',', ':'))}\n\n"
