"""The photo processes: a pool in which one photo's death is that photo's alone.

Processes are spawned, not forked: the daemon has threads, and libvips and OpenMP do not survive a
fork of a process that has used them.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as DeadlineMissed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue

import cv2
import pyvips
from pebble import ProcessExpired, ProcessPool

from daemon.errors import Interrupted, MattedError, WorkerDied
from daemon.job import Job, Outcome

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Finished:
    """One job's end."""

    job: Job
    outcome: Outcome | MattedError


class Workers:
    """A fixed number of photo processes."""

    def __init__(
        self,
        work: Callable[[Job], Outcome],
        *,
        count: int,
        timeout_s: float,
        memory_bytes: int = resource.RLIM_INFINITY,
        wake: Callable[[], None],
    ) -> None:
        """Prepare the pool; the processes start with the first job.

        Args:
            work: what a photo process does with a job; importable by name.
            count: how many photos are worked on at once.
            timeout_s: a process that works longer than this on one photo is killed.
            memory_bytes: what each process may allocate.
            wake: called, from another thread, whenever a job has ended.
        """
        self.count = count
        self._work = work
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._wake = wake
        self._ended: SimpleQueue[Finished] = SimpleQueue()
        self._running: dict[int, Job] = {}
        self._futures: dict[int, Future[Outcome]] = {}
        self._pool = self._new_pool()

    @property
    def idle(self) -> int:
        """How many more jobs would start at once."""
        return self.count - len(self._running)

    @property
    def running(self) -> tuple[Job, ...]:
        """The jobs in flight."""
        return tuple(self._running.values())

    def submit(self, job: Job) -> None:
        """Start a job."""
        self._running[job.photo.id] = job
        try:
            future = self._schedule(job)
        except RuntimeError:
            # A process died while it had no job, e.g. when memory was short; for pebble that is
            # the end of the whole pool.
            self.stop()
            self._pool = self._new_pool()
            future = self._schedule(job)
        self._futures[job.photo.id] = future
        future.add_done_callback(lambda done: self._end(job, done))

    def finished(self) -> list[Finished]:
        """The jobs that have ended since the last call."""
        ended: list[Finished] = []
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
        self._pool.stop()
        self._pool.join()
        # Pebble does so for most of them, but now and then forgets one that it has just killed.
        for future in self._futures.values():
            future.cancel()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.count,
            context=multiprocessing.get_context("spawn"),
            initializer=_settle_in,
            initargs=(
                os.getpid(),
                max(1, (os.cpu_count() or 1) // self.count),
                self._memory_bytes,
            ),
        )

    def _schedule(self, job: Job) -> Future[Outcome]:
        # Starting the tracker unblocks signals again, so it has to run before they are blocked.
        resource_tracker.ensure_running()
        with _deaf_to_ctrl_c():
            future: Future[Outcome] = self._pool.schedule(
                self._work, args=(job,), timeout=self._timeout_s
            )
        return future

    def _end(self, job: Job, done: Future[Outcome]) -> None:
        self._ended.put(Finished(job, self._outcome(done)))
        self._wake()

    def _outcome(self, done: Future[Outcome]) -> Outcome | MattedError:
        if done.cancelled():
            return Interrupted("the photo process was stopped")
        error = done.exception()
        return done.result() if error is None else self._verdict(error)

    def _verdict(self, error: BaseException) -> MattedError:
        match error:
            case MattedError():
                return error
            case DeadlineMissed():
                return WorkerDied(f"the photo process was killed after {self._timeout_s:g} s")
            case BrokenProcessPool():
                return Interrupted("the photo processes had to be started again")
            case ProcessExpired():
                return WorkerDied(f"the photo process {_how_it_ended(error.exitcode)}")
            case _:
                # The per-photo boundary: whatever a library throws at one photo ends here.
                return WorkerDied(f"{type(error).__name__}: {' '.join(str(error).split())}")


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What starts in here, threads and their processes, inherits a mask without Ctrl-C.

    In a terminal it reaches the whole process group, but the daemon alone decides what ends. Had
    the processes to see to it themselves, one that is still starting would die with a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _how_it_ended(exitcode: int) -> str:
    if exitcode < 0:
        named = -exitcode in set(signal.Signals)
        return f"was killed by {signal.Signals(-exitcode).name if named else f'signal {-exitcode}'}"
    return f"ended with status {exitcode}"


def _settle_in(daemon_pid: int, threads: int, memory_bytes: int) -> None:
    """Runs first in each photo process."""
    # An orphan would go on reading and writing beside the next daemon.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != daemon_pid:
        os._exit(1)
    # Not RLIMIT_AS: what libraries reserve without using it would count too.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    # Each library would otherwise take all cores in every process.
    cv2.setNumThreads(threads)
    pyvips.concurrency_set(threads)
