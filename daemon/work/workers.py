"""The photo processes: a pool in which one photo's death is that photo's alone.

Processes are spawned, not forked: the daemon has threads, and libvips and OpenMP do not survive a
fork of a process that has used them.

Deadlines are ours. Pebble's count by the wall clock, so that an hour's step of it killed photos at
work; and it never ends a process that was stopped before it took up its job, or that holds the
pool's lock.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic

from pebble import ProcessExpired, ProcessPool

from daemon.errors import Interrupted, MattedError, WorkerDied
from daemon.machine.spawning import Spawning, settle_in
from daemon.machine.undisturbed import undisturbed
from daemon.work.finished import E, Errand, Finished, R
from matting.errors import one_line

_PR_SET_NAME = 15
_IDLE = "idle"
_LOOK_S = 0.2
_KILLED_WITHIN_S = 5.0


class Workers(Generic[E, R]):
    """A fixed number of photo processes."""

    def __init__(
        self,
        work: Callable[[E], R],
        *,
        count: int,
        timeout_s: float,
        memory_bytes: int = resource.RLIM_INFINITY,
        start_s: float = 60.0,
        prepare: Callable[[], None] | None = None,
        wake: Callable[[], None],
    ) -> None:
        """Prepare the pool; the processes start with ``begin``, or with the first job.

        Args:
            work: what a photo process does with a job; importable by name.
            count: how many photos are worked on at once.
            timeout_s: a process that works longer than this on one photo is killed.
            memory_bytes: what each process may allocate.
            start_s: a job that no process has taken up for so long has them all started anew.
            prepare: called first in each process; importable by name.
            wake: called, from another thread, whenever a job has ended.
        """
        self.count = count
        self._work = work
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._start_s = start_s
        self._prepare = prepare or _nothing
        self._wake = wake
        self._ended: SimpleQueue[Finished[E, R]] = SimpleQueue()
        self._running: dict[int, E] = {}
        self._futures: dict[int, Future[R]] = {}
        self._overdue: dict[int, MattedError] = {}
        """What is to be said of jobs that were ended by us."""
        self._stuck = False
        self._pool = self._new_pool()

    @property
    def idle(self) -> int:
        """How many more jobs would start at once."""
        return self.count - len(self._running)

    @property
    def running(self) -> tuple[E, ...]:
        """The jobs in flight."""
        return tuple(self._running.values())

    def begin(self) -> None:
        """Start the processes now: their libraries take as long to load as some photos take."""
        self._scheduled(_nothing)

    def submit(self, job: E) -> None:
        """Start a job."""
        self._running[job.photo.id] = job
        # A photo that comes alone has the cores of processes that have nothing to do.
        cores = max(1, (os.cpu_count() or 1) // len(self._running))
        future = self._scheduled(_do, self._work, job, cores)
        self._futures[job.photo.id] = future
        future.add_done_callback(lambda done: self._end(job, done))
        threading.Thread(target=self._guard, args=(job, future), daemon=True).start()

    def finished(self) -> list[Finished[E, R]]:
        """The jobs that have ended since the last call."""
        if self._stuck:
            self.stop()
            self._pool, self._stuck = self._new_pool(), False
        ended: list[Finished[E, R]] = []
        while True:
            try:
                one = self._ended.get_nowait()
            except Empty:
                return ended
            self._running.pop(one.job.photo.id, None)
            self._futures.pop(one.job.photo.id, None)
            ended.append(one)

    def stop(self) -> None:
        """Kill what still runs and take the pool down; every job in flight has ended then."""
        self._pool.stop()  # type: ignore[no-untyped-call] # as pebble has it
        self._pool.join()
        # Pebble does so for most of them, but now and then forgets one that it has just killed.
        for future in self._futures.values():
            future.cancel()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.count,
            context=Spawning(),
            initializer=_settle_in,
            initargs=(
                os.getpid(),
                self._memory_bytes,
                self._prepare,
            ),
        )

    def _scheduled(self, call: Callable[..., Any], *given: Any) -> Future[Any]:
        try:
            return self._scheduled_now(call, *given)
        except RuntimeError:
            # A process died while it had no job, e.g. when memory was short; for pebble that is
            # the end of the whole pool. Or it was stopped, and is wanted again.
            self.stop()
            self._pool = self._new_pool()
            return self._scheduled_now(call, *given)

    def _scheduled_now(self, call: Callable[..., Any], *given: Any) -> Future[Any]:
        with undisturbed():
            future: Future[Any] = self._pool.schedule(call, args=given)
        return future

    # Deadlines, on the monotonic clock; in a thread for each job

    def _guard(self, job: E, future: Future[R]) -> None:
        """See to it that the job ends in time."""
        until_s = time.monotonic() + self._start_s
        while not future.running() and time.monotonic() < until_s:
            if wait_for([future], _LOOK_S).done:
                return
        if not future.running():
            told = "no photo process took it up; they had to be started again"
            self._give_up(job, Interrupted(told), future)
        elif wait_for([future], self._timeout_s).not_done:
            told = f"the photo process was killed after {self._timeout_s:g} s"
            self._give_up(job, WorkerDied(told), future)

    def _give_up(self, job: E, verdict: MattedError, future: Future[R]) -> None:
        self._overdue[job.photo.id] = verdict
        _kill(_name(job))
        if wait_for([future], _KILLED_WITHIN_S).done:
            return
        # It could not be told which one it was, or it took the pool's lock with it.
        self._stuck = True
        self._wake()

    def _end(self, job: E, done: Future[R]) -> None:
        outcome = self._outcome(done)
        verdict = self._overdue.pop(job.photo.id, None)
        if verdict is not None and isinstance(outcome, WorkerDied | Interrupted):
            outcome = verdict
        self._ended.put(Finished(job, outcome))
        self._wake()

    def _outcome(self, done: Future[R]) -> R | MattedError:
        if done.cancelled():
            return Interrupted("the photo process was stopped")
        error = done.exception()
        return done.result() if error is None else self._verdict(error)

    def _verdict(self, error: BaseException) -> MattedError:
        match error:
            case MattedError():
                return error
            case BrokenProcessPool():
                return Interrupted("the photo processes had to be started again")
            case ProcessExpired():
                return WorkerDied(f"the photo process {_how_it_ended(error.exitcode)}")
            case _:
                # The per-photo boundary: whatever a library throws at one photo ends here.
                return WorkerDied(f"{type(error).__name__}: {one_line(error)}")


def _name(job: Errand) -> str:
    """What a photo process is called while it is at work; the kernel keeps 15 bytes of it."""
    return f"{job.photo.id}.{job.photo.tries}"[:15]


def _do(work: Callable[[E], R], job: E, cores: int) -> R:
    """Work on so many cores, under the job's name, by which the process is known from outside."""
    # Here alone: who only hands out jobs works on no picture.
    import cv2  # noqa: PLC0415
    import pyvips  # noqa: PLC0415

    _call_it(_name(job))
    # Each library would otherwise take all cores in every process.
    cv2.setNumThreads(cores)
    pyvips.concurrency_set(cores)
    try:
        return work(job)
    finally:
        _call_it(_IDLE)


def _call_it(name: str) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())


def _kill(name: str) -> None:
    """Kill the photo process that is at work under this name; a stopped one dies of it too."""
    for child in multiprocessing.active_children():
        with suppress(OSError):
            if Path(f"/proc/{child.pid}/comm").read_text().rstrip("\n") == name:
                child.kill()


def _how_it_ended(exitcode: int) -> str:
    if exitcode < 0:
        named = -exitcode in set(signal.Signals)
        return f"was killed by {signal.Signals(-exitcode).name if named else f'signal {-exitcode}'}"
    return f"ended with status {exitcode}"


def _nothing() -> None:
    """Prepare nothing, or do nothing."""


def _settle_in(daemon_pid: int, memory_bytes: int, prepare: Callable[[], None]) -> None:
    """Runs first in each photo process."""
    settle_in(daemon_pid, memory_bytes)
    # What cannot be loaded is told by the job that needs it.
    with suppress(ImportError, MemoryError, OSError):
        prepare()
