"""Starting processes while signals may come: neither they nor their start are disturbed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def undisturbed() -> Iterator[None]:
    """What starts in here, threads and their processes, inherits a mask without Ctrl-C.

    In a terminal it reaches the whole process group, but the daemon alone decides what ends. Had
    the processes to see to it themselves, one that is still starting would die with a traceback.

    Our own handlers are called at the end. A mask does not hold them back: another thread may take
    the signal, and Python then calls the handler in the main one. A start that is cut short by its
    exception leaves a process with nothing to read, which says so with a traceback, too.
    """
    # Starting the tracker unblocks signals again, so it has to run before they are blocked.
    resource_tracker.ensure_running()
    with _handlers_put_off():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handlers_put_off() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # where no handler is called
        yield
        return
    came = list[int]()

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    handlers = {number: signal.getsignal(number) for number in _ENDING}
    ours = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in ours:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
        for one in came:
            signal.raise_signal(one)
