"""A ledger in which things happen, and a log to be read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from daemon.ledger import Ledger
from daemon.ledger.notices import Kind
from daemon.log.events import Log


class Happening:
    """Lets photos be filed, as far as others hear of it."""

    def __init__(self, ledger: Ledger, results: Path) -> None:
        self.ledger = ledger
        self.results = results
        self.count = 0

    def file(self, **facts: Any) -> None:
        self.count += 1
        told = {
            "event": "filed",
            "photo": self.count,
            "path": f"{self.count}.png",
            "results_folder": str(self.results),
            "filed_on": "2026-11-26",
            "took_s": {"read": 0.25, "matte": 0.5},
            **facts,
        }
        self.ledger.tell(Kind.FILED, told, now_s=facts.get("at_s", time.time()))

    def tell(self, kind: Kind, **facts: Any) -> None:
        self.ledger.tell(kind, facts, now_s=time.time())


@pytest.fixture
def happening(tmp_path: Path) -> Iterator[Happening]:
    results = tmp_path / "results"
    (results / ".matted-staging").mkdir(parents=True)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield Happening(ledger, results)


@pytest.fixture
def said() -> list[dict[str, Any]]:
    """What the log of this test has said."""
    return []


@pytest.fixture
def log(said: list[dict[str, Any]]) -> Log:
    def keep(_: object, level: str, event: Any) -> Any:
        said.append({**event, "level": level})
        raise structlog.DropEvent

    return structlog.wrap_logger(structlog.PrintLogger(), processors=[keep])
