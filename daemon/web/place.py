"""What all rooms of the page have to know of the daemon beside it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from daemon.config.profiles import BUILT_IN
from daemon.config.settings import Settings
from daemon.config.web import WebSettings
from daemon.ledger import Entry
from daemon.ledger.gallery import Gallery
from daemon.web.answers import Problem

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Place:
    """Settings and ledger."""

    settings: Settings
    ledger: Path

    @property
    def web(self) -> WebSettings:
        """The page's own settings."""
        return self.settings.web or WebSettings()

    @property
    def own(self) -> Path:
        """The page's directory in the daemon's state directory."""
        return self.settings.state_dir / "web"

    @property
    def profiles(self) -> list[str]:
        """The names of all profiles."""
        return sorted({**BUILT_IN, **self.settings.profiles})

    @property
    def inboxes(self) -> dict[str, Path]:
        """Watched folders by the names that uploads know them by."""
        named: dict[str, Path] = {}
        for folder in self.settings.folders:
            name, number = folder.watch.name, 1
            while name in named:
                number += 1
                name = f"{folder.watch.name}-{number}"
            named[name] = folder.watch
        return named

    def gallery(self) -> AbstractContextManager[Gallery]:
        """The ledger's reading door, for one question."""
        return Gallery.open(self.ledger, read_only=True)


def entry_of(gallery: Gallery, number: str) -> Entry:
    """The photo of an id from an address.

    Raises:
        Problem: there is none.
    """
    plain = number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS
    entry = gallery.entry(int(number)) if plain else None
    if entry is None:
        raise Problem(404, "there is no such photo")
    return entry
