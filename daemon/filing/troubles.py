"""What is remembered of photos in trouble, until they end.

All of it may be lost: the next start finds out anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from daemon.photo import Photo


class Troubles:
    """By photo; what ``policy`` and the boundary cannot see from one error alone."""

    def __init__(self) -> None:
        self._misplaced = Counter[int]()
        self._aside: set[int] = set()
        self._given_up: dict[int, tuple[Photo, str]] = {}
        self._unreported = Counter[int]()
        self._stuck: dict[int, str] = {}

    # Names that are of no use

    def misplace(self, photo_id: int) -> None:
        """The photo's present names, or their sub-folders, were of no use once more."""
        self._misplaced[photo_id] += 1

    def misplaced(self, photo_id: int) -> int:
        """How often the photo's present names were of no use."""
        return self._misplaced[photo_id]

    def put_aside(self, photo_id: int) -> None:
        """A photo has got other names than its profile wants; counting begins anew."""
        self._aside.add(photo_id)
        del self._misplaced[photo_id]

    def is_aside(self, photo_id: int) -> bool:
        """Whether it has other names than its profile wants."""
        return photo_id in self._aside

    # Quarantines that were cut short

    def give_up(self, photo: Photo, reason: str) -> None:
        """The photo goes to quarantine for a reason; that is not done before it is forgotten."""
        self._given_up[photo.id] = photo, reason

    def given_up(self) -> tuple[tuple[Photo, str], ...]:
        """Photos whose quarantine was begun and is not done, and the reasons for it."""
        return tuple(self._given_up.values())

    def count_unreported(self, photo_id: int) -> int:
        """A report could not be written; how often by now."""
        self._unreported[photo_id] += 1
        return self._unreported[photo_id]

    # Half sets of results

    def stick(self, photo_id: int, reason: str) -> None:
        """Half the results can be neither completed nor taken back at present."""
        self._stuck[photo_id] = reason

    @property
    def stuck(self) -> Mapping[int, str]:
        """Photos of which half the results can be neither completed nor taken back, and why."""
        return dict(self._stuck)

    def forget(self, photo_id: int) -> None:
        """The photo has come to its end."""
        self._aside.discard(photo_id)
        self._given_up.pop(photo_id, None)
        self._stuck.pop(photo_id, None)
        del self._misplaced[photo_id]
        del self._unreported[photo_id]
