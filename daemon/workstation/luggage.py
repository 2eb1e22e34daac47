"""A job's files on this machine: where the daemon's share is seen here, or where they were sent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.cluster.orders import Order, moved
from daemon.machine import private
from daemon.photo import Version
from daemon.shelf import staging
from daemon.work.beside import trimap_beside
from daemon.work.job import Job

_SOURCE = b"photo"
Mapped = Callable[[bytes], bytes]
"""Where a path of the daemon's machine leads to here."""


@dataclass(frozen=True, slots=True)
class View:
    """What of a job this machine sees."""

    files: bool
    results: bool


def seen(order: Order, mapped: Mapped) -> View:
    """Whether the files of a job are where the settings say, and are the same ones.

    The staging directory has a name that nobody guesses: where it is, there the results are, too,
    whatever the path. A share of another studio at the same path has none.
    """
    files = all(one.ends.is_of(mapped(one.path)) for one in order.luggage)
    # May be seen and yet be closed: mounted read-only, or another user's number (NFS).
    return View(files, os.access(mapped(order.job.staging), os.W_OK | os.X_OK))


class Spool:
    """What was sent here, and what is made here to be fetched; a directory for each attempt."""

    def __init__(self, root: Path) -> None:
        """Empty it: what an earlier run left belongs to attempts that have ended."""
        self._root = private.empty_directory(root)

    def of(self, attempt: str) -> Path:
        """The directory of an attempt.

        Raises:
            ValueError: that is no attempt's name.
        """
        if not attempt or set(attempt) - set("0123456789abcdef-"):
            raise ValueError("no attempt has such a name")
        return self._root / attempt

    def take(self, attempt: str, number: int, offset: int, piece: bytes) -> None:
        """Take in a piece of a file.

        Raises:
            OSError: it cannot be written.
        """
        directory = self.of(attempt)
        private.make_directory(directory)
        handle = os.open(_name(directory, number), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while piece:
                written = os.pwrite(handle, piece, offset)
                piece, offset = piece[written:], offset + written
        finally:
            os.close(handle)

    def fetch(self, attempt: str, name: bytes, offset: int, count: int) -> bytes:
        """A piece of a result.

        Raises:
            OSError: it cannot be read.
        """
        if b"/" in name or name in {b"", b".", b".."}:
            raise ValueError("no result has such a name")
        path = os.path.join(os.fsencode(self.of(attempt)), b"results", b"made", name)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return os.pread(handle, count, offset)
        finally:
            os.close(handle)

    def drop(self, attempt: str) -> None:
        """Forget an attempt."""
        shutil.rmtree(self.of(attempt), ignore_errors=True)

    def clear(self) -> None:
        """Forget all."""
        private.empty_directory(self._root)


def _name(directory: Path, number: int) -> bytes:
    return os.path.join(os.fsencode(directory), _SOURCE + b"%d" % number)


def at_hand(order: Order, view: View, mapped: Mapped, spool: Spool, attempt: str) -> Job:
    """The job as it can be worked on here.

    Raises:
        OSError, MattedError: this machine's disk does not take it.
    """
    directory = spool.of(attempt)
    private.make_directory(directory)
    where = {
        one.path: mapped(one.path) if view.files else _name(directory, number)
        for number, one in enumerate(order.luggage)
    }
    if not view.files and (trimap := trimap_beside(order.job.source)) in where:
        beside = trimap_beside(where[order.job.source])
        os.rename(where[trimap], beside)
        where[trimap] = beside
    job = moved(order.job, where)
    job = replace(
        job,
        snapshot=os.fsencode(directory / "copy"),
        version=Version.of(os.lstat(job.source)),
    )
    if view.results:
        results = Path(os.fsdecode(mapped(os.fsencode(job.results))))
        return replace(job, results=results, staging=mapped(job.staging))
    return _staged_here(job, directory / "results")


def _staged_here(job: Job, results: Path) -> Job:
    """With results of its own, to be fetched; where the fetching finds them by one name."""
    private.make_directory(results)
    staging.establish(results, lambda _: None)
    stage = staging.stage(results, job.photo)
    os.symlink(stage, results / "made")
    return replace(job, results=results, staging=stage)
