"""What photo processes do in tests: importable by name, as the real work is."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2

from daemon.errors import EngineFailed, NotAPhoto
from daemon.filed import Filed
from daemon.shelf.staging import entered, seal
from daemon.work.job import Job, Outcome, Staged, Unchanged


class Sticky(Exception):
    """An exception that cannot travel between processes."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.hook = lambda: text


def obey(job: Job) -> Outcome:
    """The process's id stands for a result."""
    return Unchanged(f"{os.getpid()}:{job.photo.id}")


def fail(_: Job) -> Outcome:
    raise EngineFailed("the engine died", 4711)


def stumble(_: Job) -> Outcome:
    raise ZeroDivisionError("a library's\nown trouble")


def stick(_: Job) -> Outcome:
    raise Sticky("cannot be pickled")


def hang(job: Job) -> Outcome:
    Path(os.fsdecode(job.snapshot)).write_text(str(os.getpid()))
    time.sleep(600)
    return obey(job)


def _begin() -> None:
    """Have pebble hear that the job has begun: else nobody's process died. A photo takes longer."""
    time.sleep(0.3)


def leave(_: Job) -> Outcome:
    _begin()
    os._exit(3)


def die(_: Job) -> Outcome:
    _begin()
    os.kill(os.getpid(), signal.SIGKILL)
    return Unchanged("never")


def die_strangely(_: Job) -> Outcome:
    _begin()
    os.kill(os.getpid(), signal.SIGRTMIN + 5)
    return Unchanged("never")


def tell_signals(_: Job) -> Outcome:
    """Which signals the process is deaf to, as the kernel has it."""
    return Unchanged(Path("/proc/self/status").read_text())


def tell_cores(_: Job) -> Outcome:
    """How many cores OpenCV is to work on."""
    return Unchanged(str(cv2.getNumThreads()))


def tell_arenas(_: Job) -> Outcome:
    """How many heaps glibc has after several threads took memory at the same time."""
    libc, threads = ctypes.CDLL(None), 6
    libc.malloc.restype = ctypes.c_void_p
    barrier = threading.Barrier(threads)

    def take() -> None:
        barrier.wait()
        for _ in range(1000):
            libc.malloc(1000)
        barrier.wait()

    with ThreadPoolExecutor(threads) as pool:
        taken = [pool.submit(take) for _ in range(threads)]
    assert not any(one.exception() for one in taken)
    libc.fdopen.restype = ctypes.c_void_p
    with tempfile.TemporaryFile() as told:
        stream = ctypes.c_void_p(libc.fdopen(told.fileno(), b"w"))
        libc.malloc_info(0, stream)
        libc.fflush(stream)
        told.seek(0)
        return Unchanged(str(told.read().count(b"<heap nr=")))


def stage(job: Job) -> Outcome:
    """One result, as ``daemon.work.pipeline`` leaves it; its content tells the photo."""
    content = Path(os.fsdecode(job.source)).read_bytes()
    with entered(job.results, job.staging) as at:
        (at / "0.png").write_bytes(b"made of " + content)
    plan = seal(job.results, [job.staging + b"/0.png"], job.photo.names)
    digest = hashlib.sha256(content).hexdigest()
    return Staged(plan, Filed(job.photo.names, (1, 1), "stub", "cpu", 1, digest))


def same(job: Job) -> Outcome:
    """The content was filed before."""
    return Unchanged(hashlib.sha256(Path(os.fsdecode(job.source)).read_bytes()).hexdigest())


def refuse(_: Job) -> Outcome:
    raise NotAPhoto("no decoder knows it")


def wait(job: Job) -> Outcome:
    time.sleep(1.5)
    return stage(job)


def sleep(_: Job) -> Outcome:
    time.sleep(600)
    raise AssertionError


BEHAVIOURS: dict[str, Callable[[Job], Outcome]] = {
    one.__name__: one
    for one in (
        obey,
        fail,
        stumble,
        stick,
        hang,
        leave,
        die,
        die_strangely,
        tell_signals,
        tell_cores,
        tell_arenas,
        stage,
        same,
        refuse,
        wait,
        sleep,
    )
}


def work(job: Job) -> Outcome:
    """Do what the photo's name says."""
    return BEHAVIOURS[job.photo.path.decode()](job)
