"""Symlinks by which the settings name folders, and where they lead now.

Paths are resolved when the settings are read. A link that is made to lead elsewhere afterwards, to
the next month's folder say, would otherwise go unnoticed until the next restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Moved:
    """A link that leads elsewhere."""

    link: Path
    before: Path
    now: Path
    there: bool
    """Whether a folder is there to be led to."""


class Links:
    """Remembers where each leads; says once when that changes."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Look where they lead.

        Args:
            paths: as the settings mean them, absolute but not resolved; not all need be links.
        """
        led = {path: path.resolve() for path in paths}
        self._led = {path: to for path, to in led.items() if path != to}
        self._told: dict[Path, Moved | None] = {}

    def moved(self) -> tuple[Moved, ...]:
        """What changed since the last call."""
        news = []
        for path, before in self._led.items():
            now = _resolved(path)
            found = None if now == before else Moved(path, before, now, now.is_dir())
            if found is not None and self._told.get(path) != found:
                news.append(found)
            self._told[path] = found
        return tuple(news)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a circle of links, for the moment
        return path
