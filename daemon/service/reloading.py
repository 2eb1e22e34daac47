"""Taking over new settings while the daemon runs; a bad file changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daemon.config import load
from daemon.config.links import Links
from daemon.config.settings import Settings
from daemon.errors import MattedError, SettingsError
from daemon.log.events import Event, Log, facts
from daemon.service.served import ServedFolders

_LINKS_S = 2.0
_FIXED = ("state_dir", "engine", "executor", "workers", "limits")
"""Settings that a reload cannot change."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file that was read and has no faults."""

    text: str
    settings: Settings
    links: Links
    """By which it names folders, and where they led."""

    @classmethod
    def parse(cls, text: str, config: Path) -> SettingsFile:
        """Check a file's text.

        Raises:
            SettingsError: with every fault.
        """
        base = load.base(config)
        settings = load.parse(text, source=str(config), base=base, config=config)
        return cls(text, settings, Links(load.named_paths(text, base)))


class Reloading:
    """Knows the settings that hold, and puts others in their place."""

    def __init__(
        self, config: Path, current: SettingsFile, served: ServedFolders, log: Log
    ) -> None:
        """Nothing is reloaded yet.

        Args:
            config: the settings file.
            current: what was read from it, and is in effect.
            served: the folders.
            log: for what was taken over, and for what was refused.
        """
        self._config = config
        self._current = current
        self._served = served
        self._log = log
        self._refused: str | None = None
        self._links_at_s = 0.0

    @property
    def refused(self) -> str | None:
        """Why the last settings were refused, so that older ones hold; None if they were not."""
        return self._refused

    def reload(self) -> None:
        """Take over new folders and profiles."""
        self._take_over(lambda: load.read(self._config))

    @property
    def links_are_due(self) -> bool:
        """Whether it is time to see where links lead."""
        return time.monotonic() >= self._links_at_s

    def moved_links(self) -> bool:
        """Whether a link to a folder leads to another one now; each is told once."""
        self._links_at_s = time.monotonic() + _LINKS_S
        moved = self._current.links.moved()
        for one in moved:
            reason = None if one.there else "no folder is there; the one before is still used"
            told = facts(link=one.link, before=one.before, now=one.now, reason=reason)
            self._log.warning(Event.FOLDER_RETARGETED, **told)
        return any(one.there for one in moved)

    def follow_links(self) -> None:
        """Go where links to folders lead now, as a reload of the same text would."""
        self._take_over(lambda: self._current.text)

    def _take_over(self, read: Callable[[], str]) -> None:
        before = self._current
        try:
            fresh = SettingsFile.parse(read(), self._config)
        except Exception as error:  # noqa: BLE001 - whatever new settings set off, the old ones hold
            self._refuse(error)
            return
        try:
            self._served.make(fresh.settings)
            self._served.serve(fresh.settings)
        except Exception as error:  # noqa: BLE001 - likewise
            self._refuse(error)
            self._go_back_to(before)
        else:
            self._current, self._refused = fresh, None
            changed = [one for one in _FIXED if _differ(one, before.settings, fresh.settings)]
            self._log.info(Event.SETTINGS_RELOADED, need_a_restart=changed)

    def _go_back_to(self, before: SettingsFile) -> None:
        """The old settings hold, whatever of the new ones took effect already."""
        try:
            self._served.serve(before.settings)
        except Exception as error:  # noqa: BLE001 - as above; what is watched goes on
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        faults = error.faults if isinstance(error, SettingsError) else (str(error),)
        if not isinstance(error, MattedError):
            faults = (f"a fault in matted itself: {type(error).__name__}: {error}",)
        self._refused = "; ".join(faults)
        unexpected = not isinstance(error, MattedError)
        self._log.error(Event.SETTINGS_REFUSED, faults=faults, exc_info=unexpected)


def _differ(name: str, one: Settings, other: Settings) -> bool:
    return bool(getattr(one, name) != getattr(other, name))
