"""What is to be done once more about single photos, and when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.photo import Photo

Act = Callable[[], object]
Guard = Callable[[Photo, Act], None]
"""Does something about a photo, and deals with what goes wrong with it."""


@dataclass(frozen=True, slots=True)
class _Due:
    photo: Photo
    act: Act
    at_s: float


class Postponed:
    """By photo, on the monotonic clock; forgotten when the daemon ends, whose start does it all."""

    def __init__(self) -> None:
        self._due: dict[int, _Due] = {}

    def __contains__(self, photo_id: int) -> bool:
        return photo_id in self._due

    def put(self, photo: Photo, act: Act, *, after_s: float) -> None:
        """Do something about a photo after a while, in place of what was to be done."""
        self._due[photo.id] = _Due(photo, act, time.monotonic() + after_s)

    def drop(self, photo_id: int) -> None:
        """It was done."""
        self._due.pop(photo_id, None)

    def clear(self) -> None:
        """All of it is being done."""
        self._due.clear()

    def do_due(self, guarded: Guard) -> None:
        """Do what it is time for; what raises is kept, and done again the next time."""
        now_s = time.monotonic()
        for photo_id, one in tuple(self._due.items()):
            if one.at_s <= now_s:
                guarded(one.photo, one.act)
                if self._due.get(photo_id) is one:
                    del self._due[photo_id]

    def next_s(self) -> float | None:
        """When something is due; None if nothing ever is."""
        return min((one.at_s for one in self._due.values()), default=None)
