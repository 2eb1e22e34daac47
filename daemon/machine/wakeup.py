"""Waking a thread that rests, from other threads and from signal handlers."""

from __future__ import annotations

import queue
from contextlib import suppress


class WakeUp:
    """Like a ``threading.Event`` that is cleared by waiting, and that a signal handler may set.

    An event may not: its lock is not reentrant, and a handler runs in the main thread between any
    two of its instructions. A signal that comes while that thread holds the lock, on its way into
    ``wait``, would have the handler wait for its own thread, for ever. ``SimpleQueue.put`` is
    documented to be reentrant.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        """There is something to do; from any thread, or from a signal handler."""
        self._calls.put(None)

    def wait(self, at_most_s: float | None = None) -> None:
        """Rest until `set` was called since the last wait ended, or for so many seconds.

        For one thread only. What is set while it ends may end the next one.
        """
        with suppress(queue.Empty):
            self._calls.get(timeout=at_most_s)
        for _ in range(self._calls.qsize()):
            self._calls.get_nowait()
