"""What the daemon is at, for people and programs that ask from outside.

Most is in the ledger; what only the daemon knows it leaves on its ``Board``. So the question can be
answered while it runs and after it died.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from daemon.ledger import Entry, Ledger, State
from daemon.ledger.place import existing
from daemon.machine.lock import is_held
from daemon.photo import show
from daemon.service import board
from daemon.stations import standing
from daemon.stations.standing import NONE, Standing

_LATEST = 20
_FLAGGED = 1000
"""A day's worth, and a bound."""


class Condition(IntEnum):
    """How all is, in one word; the numbers are exit codes of ``matted status``."""

    WELL = 0
    STOPPED = 10
    """No daemon runs."""
    PAUSED = 11
    """A folder, or everything, is paused."""
    FAILED = 12
    """Photos are in quarantine."""
    FLAGGED = 13
    """Some of today's mattes should be looked at."""
    HANDOVERS = 14
    """Photos wait in vain for a station, or were given up there."""


@dataclass(frozen=True, slots=True)
class Status:
    """The answer."""

    running: bool
    news: Mapping[str, Any]
    """As the daemon, or the last one, left them; empty if none ever ran."""
    counts: Mapping[State, int]
    filed_today: int
    working: tuple[Entry, ...]
    retrying: tuple[Entry, ...]
    failed: tuple[Entry, ...]
    kept: tuple[Entry, ...] = ()
    """Filed photos whose originals were to be deleted and stay all the same."""
    flagged_today: int = 0
    """Of those filed today, how many have mattes that somebody should look at."""
    flagged: tuple[Entry, ...] = ()
    """These, the latest first."""
    stations: Standing = NONE
    """How the next stations stand."""

    @property
    def condition(self) -> Condition:
        """The worst that there is to say of it."""
        folders = self.news.get("folders", {}).values()
        if not self.running:
            return Condition.STOPPED
        if self.news.get("paused") or any(folder.get("paused") for folder in folders):
            return Condition.PAUSED
        if self.counts[State.FAILED]:
            return Condition.FAILED
        if self.stations.troubled:
            return Condition.HANDOVERS
        return Condition.FLAGGED if self.flagged_today else Condition.WELL

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "condition": self.condition.name.lower(),
            "running": self.running,
            "daemon": dict(self.news),
            "counts": {str(state): number for state, number in self.counts.items()},
            "filed_today": self.filed_today,
            "working": [_as_json(entry) for entry in self.working],
            "retrying": [_as_json(entry) for entry in self.retrying],
            "failed": [_as_json(entry) for entry in self.failed],
            "flagged_today": self.flagged_today,
            "flagged": [_flagged_as_json(entry) for entry in self.flagged],
            "originals_kept": [_as_json(entry) for entry in self.kept],
            "stations": self.stations.as_json(),
        }


def read(state_dir: Path, stations: tuple[str, ...] = ()) -> Status:
    """Ask.

    Args:
        state_dir: the daemon's.
        stations: the keys of those that the settings name.

    Raises:
        LedgerTrouble: there is no ledger, or it cannot be read.
    """
    with Ledger.open(existing(state_dir), read_only=True) as ledger:
        return Status(
            running=is_held(state_dir),
            news=board.news(state_dir),
            counts=ledger.counts(),
            filed_today=ledger.count_filed_since(midnight_s()),
            working=(
                *ledger.entries(State.WORKING, limit=_LATEST),
                *ledger.entries(State.PUBLISHING, limit=_LATEST),
            ),
            retrying=ledger.entries(State.RETRYING, limit=_LATEST),
            failed=ledger.entries(State.FAILED, limit=_LATEST),
            kept=ledger.kept(limit=_LATEST),
            flagged_today=ledger.count_flagged_since(midnight_s()),
            flagged=ledger.flagged(midnight_s(), limit=_FLAGGED),
            stations=standing.read(state_dir, stations),
        )


def midnight_s() -> float:
    """When today began, by local time; seconds since the epoch."""
    now = time.localtime()
    return time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))


def _as_json(entry: Entry) -> dict[str, Any]:
    return {
        "photo": entry.photo.id,
        "folder": show(entry.photo.folder),
        "path": entry.photo.shown,
        "state": str(entry.state),
        "since_s": entry.changed_s,
        "due_s": entry.due_s,
        "attempts": entry.photo.attempts,
        "reason": entry.reason,
    }


def _flagged_as_json(entry: Entry) -> dict[str, Any]:
    flags = () if entry.filed is None else entry.filed.flags
    return _as_json(entry) | {"flags": [asdict(flag) for flag in flags]}
