"""How processes that work on pictures are started: spawned, with locks that outlive them."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress
from multiprocessing import synchronize
from multiprocessing.context import SpawnContext

_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX, _ARENAS = -8, 2
"""The option of mallopt(3), and how many heaps the threads of such a process have."""


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


def settle_in(parent: int, memory_bytes: int) -> None:
    """Runs first in such a process: it ends with its parent, and allocates so much at most.

    Args:
        parent: the id of the process that starts it.
        memory_bytes: what it may have, libraries and all.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # An orphan would go on reading and writing beside the next daemon.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    # Not RLIMIT_AS: what libraries reserve without using it would count too.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    # By itself glibc keeps freed memory for eight threads a core: 110 MiB after a large photo.
    with suppress(AttributeError):  # another C library
        libc.mallopt(_M_ARENA_MAX, _ARENAS)
