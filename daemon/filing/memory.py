"""What is remembered of photos that have not ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from daemon.filing.postponed import Postponed
from daemon.filing.troubles import Troubles
from daemon.filing.watched import Watched
from daemon.photo import Photo


@dataclass(frozen=True, slots=True)
class Memory:
    """All of it, so that it can be forgotten at once."""

    troubles: Troubles = field(default_factory=Troubles)
    watched: Watched = field(default_factory=Watched)
    postponed: Postponed = field(default_factory=Postponed)

    def forget(self, photo: Photo) -> None:
        """The photo has come to its end."""
        self.troubles.forget(photo.id)
        self.watched.forget(photo)
        self.postponed.drop(photo.id)
