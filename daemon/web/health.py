"""Whether all is well, and figures for Prometheus."""

from __future__ import annotations

import threading
import time
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response

from daemon.delivery.follower import Follower
from daemon.delivery.metrics import Condition, Figures
from daemon.ledger.notices import Kind, Notice
from daemon.log.events import Log
from daemon.service import board, status
from daemon.web.answers import answer
from daemon.web.place import Place

_WELL = ("WELL", "FAILED", "FLAGGED", "HANDOVERS")
"""What people have to look at is no reason for a monitor to restart anything."""


class Health:
    """The answers of /healthz and /metrics."""

    def __init__(self, place: Place, log: Log) -> None:
        self._place = place
        self._figures = Figures()
        self._lock = threading.Lock()
        kinds = (Kind.FILED, Kind.QUARANTINED)
        ledger = place.ledger
        self._follower = Follower(
            ledger, "page's metrics", self._count, kinds=kinds, log=log, reader=None
        )
        self._follower.start()

    def close(self) -> None:
        """Count no more."""
        self._follower.stop()

    def healthz(self, _: Request) -> Response:
        """200 while the daemon runs and nothing is paused; else 503, and why in one word."""
        condition = status.read(self._place.settings.state_dir).condition
        return answer(
            {"condition": condition.name.lower()}, 200 if condition.name in _WELL else 503
        )

    def metrics(self, _: Request) -> Response:
        """Gauges as the ledger is, counters since the page was started."""
        running, news = board.at_present(self._place.settings.state_dir)
        engine, folders = news.get("engine", {}), news.get("folders", {})
        condition = Condition(
            version=version("matted"),
            engine=str(engine.get("engine", "")),
            device=str(engine.get("device", "")),
            engine_starts=int(news.get("engine_starts", 0)),
            paused=news.get("paused") if running else "it does not run",
            folders={name: folder.get("paused") for name, folder in folders.items()},
        )
        with self._lock, self._place.gallery() as ledger:
            text = self._figures.text(ledger, condition, now_s=time.time())
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Response(text, headers={"Cache-Control": "no-store"}, media_type=kind)

    def _count(self, notice: Notice, stopping: threading.Event) -> None:
        with self._lock:
            self._figures.count(notice, stopping)
