"""What a station is asked, and what may come of it. Values alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from daemon.config.profiles import Profile
from daemon.config.stations import Station
from daemon.errors import MattedError


class StationAway(MattedError):
    """It is not there at the moment: the photo waits, and is charged with nothing."""


class StationFailed(MattedError):
    """It answered with nothing of use, or too late: the photo is charged with an attempt."""


class NeverFiled(MattedError):
    """No other attempt would end otherwise."""


class Stopped(Exception):
    """We were told to end while it was asked."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One photo on its way to one station."""

    token: str
    document: Mapping[str, Any]
    """The notice of its filing."""
    station: Station
    profile: Profile
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Task:
    """One picture for one station."""

    token: str
    """Safe in a file name, the same in every attempt, and no other task's."""
    picture: Path
    """What is sent: a private copy, whose name is the token and the picture's own extension."""
    matte: Path | None
    """The matte as a grey PNG of 8 bits; None where the profile files none."""
    mask: Path | None
    """255 - matte: white where an inpainting network is to paint."""
    facts: Mapping[str, Any]
    """What is told of the photo, as JSON can hold it."""
    folder: Path
    """Empty and private: for the answer, and whatever the station needs on the way."""


class Adapter(Protocol):
    """A module that speaks with one kind of station."""

    def ask(self, task: Task, options: Any, stopped: Callable[[], bool]) -> Path:
        """Have the station work on a picture.

        Args:
            task: which.
            options: the station's settings.
            stopped: asked now and then whether to break off.

        Returns:
            The answer, somewhere in the task's folder.

        Raises:
            StationAway, StationFailed, Stopped: as these say.
        """

    def done(self, task: Task, options: Any) -> None:
        """Remove what is left of the task with the station: its answer is filed, or given up."""
