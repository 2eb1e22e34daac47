"""How processes that work on pictures are started: spawned, with locks that outlive them."""

from __future__ import annotations

from multiprocessing import synchronize
from multiprocessing.context import SpawnContext


class Spawning(SpawnContext):
    """Keeps the locks that it makes, as long as somebody keeps it.

    A pool of pebble's lets go of its own, which unlinks them, before it kills one process after
    the other: one that is just starting would look for them in vain, and end with a traceback on
    the terminal. The pool keeps the context until it is down.
    """

    def __init__(self) -> None:
        super().__init__()
        self._locks: list[synchronize.RLock] = []

    def RLock(self) -> synchronize.RLock:  # noqa: N802 - as multiprocessing has it
        """A lock that several processes can hold, and hold again."""
        lock = super().RLock()
        self._locks.append(lock)
        return lock
