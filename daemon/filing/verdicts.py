"""What ``policy`` has to know about a photo that failed, gathered; and what it says to that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from daemon.errors import EngineFailed, MattedError, NameTrouble, PlanBroken
from daemon.filing import policy
from daemon.filing.disks import Disks
from daemon.filing.policy import Decision
from daemon.filing.publishing import Publishing
from daemon.filing.watched import Watched
from daemon.photo import Photo
from daemon.work.job import EngineAddress


@dataclass(frozen=True, slots=True)
class EngineAccess:
    """What has to be known of the engine here."""

    address: Callable[[], EngineAddress]
    ready: Callable[[], bool]
    blames: Callable[[int, str], bool]
    last_words: Callable[[], list[str]]
    refiners: Callable[[Collection[str]], Mapping[str, EngineAddress]] = lambda _: {}
    """Has these refiners running, by their names in profiles, and says where."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done."""

    error: Exception
    """What is at fault; not always what was raised, if that had to do with results."""
    decision: Decision


class Verdicts:
    """Remembers what ``policy`` cannot see from one error alone."""

    def __init__(
        self, engine: EngineAccess, disks: Disks, publishing: Publishing, watched: Watched
    ) -> None:
        self._engine = engine
        self._disks = disks
        self._publishing = publishing
        self._watched = watched
        self._misplaced = Counter[int]()
        """How often the present names of photos were of no use."""
        self._aside: set[int] = set()
        """Photos that got other names for that."""

    def on(self, photo: Photo, error: Exception, *, waited: bool) -> Verdict:
        """Decide about a photo, and count what has to be counted.

        Args:
            photo: the photo.
            error: what went wrong.
            waited: whether its attempt was the last look at it.
        """
        error = self._judged(photo, error)
        if isinstance(error, NameTrouble | PlanBroken):
            self._misplaced[photo.id] += 1
        known = policy.Facts(
            attempts=photo.attempts,
            tries=photo.tries,
            unchanged_s=self._watched.of(photo),
            waited=waited,
            blamed=self._is_blamed(photo, error),
            misplaced=self._misplaced[photo.id],
            aside=photo.id in self._aside,
        )
        return Verdict(error, policy.decide(error, known, self.limits(photo)))

    def limits(self, photo: Photo) -> policy.Patience:
        """How patient to be with a photo."""
        destination = self._publishing.destinations.get(photo.folder)
        return destination.limits if destination else policy.Patience()

    def put_aside(self, photo_id: int) -> None:
        """A photo has got other names than its profile wants."""
        self._aside.add(photo_id)
        del self._misplaced[photo_id]

    def forget(self, photo_id: int) -> None:
        """It has come to its end."""
        self._aside.discard(photo_id)
        del self._misplaced[photo_id]

    def _judged(self, photo: Photo, error: Exception) -> Exception:
        destination = self._publishing.destinations.get(photo.folder)
        if destination is None or not isinstance(error, MattedError):
            return error
        return self._disks.judge(error, destination)

    def _is_blamed(self, photo: Photo, error: Exception) -> bool:
        if isinstance(error, EngineFailed):
            return self._engine.blames(error.engine_pid, str(photo.id))
        return True
