"""What only the daemon knows (pauses, file systems, the engine), left for whoever asks.

It stands in a small file beside the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.errors import LedgerTrouble
from daemon.machine import private
from daemon.machine.lock import is_held
from matting.small_file import replace_file

if TYPE_CHECKING:  # who only reads gets words and numbers
    from daemon.cluster.news import WorkerNews
    from daemon.intake.news import FolderNews

_NAME = "status.json"


@dataclass(frozen=True, slots=True)
class News:
    """What only the daemon knows."""

    pid: int
    started_s: float
    """Seconds since the epoch."""
    paused: str | None = None
    """Why no photo is begun at the moment."""
    engine: Mapping[str, Any] = field(default_factory=dict)
    """The engine's hello."""
    engine_starts: int = 0
    """In this run of the daemon; one is normal."""
    folders: Mapping[str, FolderNews] = field(default_factory=dict)
    workers: tuple[WorkerNews, ...] = ()
    """The machines that work on photos, if they are others than this."""


class Board:
    """Where the daemon leaves its news; written only when there are any."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / _NAME
        self._last: News | None = None

    def post(self, news: News) -> None:
        """Leave the news, if they differ from the last.

        Raises:
            LedgerTrouble: the state directory cannot be written.
        """
        if news == self._last:
            return
        told = json.dumps(asdict(news)).encode()
        try:
            replace_file(self._path, told, opener=private.opener)
        except OSError as error:
            raise LedgerTrouble(f"{self._path} cannot be written: {error.strerror}") from error
        self._last = news


def news(state_dir: Path) -> dict[str, Any]:
    """What was left last; nothing if no daemon ever ran."""
    try:
        found = json.loads((state_dir / _NAME).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def at_present(state_dir: Path) -> tuple[bool, dict[str, Any]]:
    """Whether a daemon runs, and what only it knows, without asking the ledger."""
    return is_held(state_dir), news(state_dir)
