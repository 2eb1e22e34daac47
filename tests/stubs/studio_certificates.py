"""Certificates of a studio with two machines, for tests of several rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from daemon.cluster import authority

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Studio:
    """Where the authority and its machines have their certificates."""

    own: Path
    other: Path

    @classmethod
    def made(cls, directory: Path, *, now: datetime = NOW, days: int = 30) -> Self:
        """The certificate of the daemon's machine, studio1, and of a worker's, studio2."""
        made = cls(directory, directory / "studio2")
        authority.establish(made.own, ("studio1", "127.0.0.1"), now=now, days=days)
        authority.add(made.own, made.other, ("studio2",), now=now, days=days)
        return made
