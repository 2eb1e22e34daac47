"""A root of results or archived originals: opened, and told apart from what only looks like it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from daemon.machine import instance
from daemon.shelf import below, durable
from daemon.shelf.below import Spot

STAGING = b".matted-staging"
"""Hidden, so that nobody takes what lies there for results. It is also how a root is known again:
nothing is written to one that lacks it, such as the bare mount point under a disk that went away a
moment ago."""

PRIVATE = 0o700
OURS = re.compile(rb"([0-9]+)-([0-9]+|[a-z]+)-([0-9]+)(?:-([0-9a-f]{12}))?")
"""What ``private`` makes: photo, purpose, process, place. Earlier versions named no place."""


def demand_rights(at: int) -> None:
    """As the staging directory is ours, it can be written where the root cannot any more."""
    if not below.is_writable(at):
        number = errno.EROFS if os.fstatvfs(at).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(number, os.strerror(number))


def is_established(at: int) -> bool:
    """Whether the staging directory is there; an empty one that somebody else made is removed."""
    found = below.look(Spot(at, STAGING))
    if found is None:
        return False
    if stat.S_ISDIR(found.st_mode) and found.st_uid != os.geteuid():
        with contextlib.suppress(OSError):  # as after a chown of everything; if not, it is told
            os.rmdir(STAGING, dir_fd=at)
            return False
    return True


def close_to_others(inside: int) -> None:
    """Take others' rights from one that was made with more; those to results are of no concern."""
    mode = stat.S_IMODE(os.fstat(inside).st_mode)
    if mode & 0o077:
        with contextlib.suppress(OSError):  # FAT and many shares know no modes
            os.fchmod(inside, mode & ~0o077)


@contextlib.contextmanager
def opened(results: Path | bytes) -> Iterator[tuple[int, int]]:
    """Handles on a root and on its staging directory, which must be there and be ours.

    Raises:
        RootClosed: it is not, or is a link, or belongs to another user.
    """
    with contextlib.ExitStack() as handles:
        try:
            at = handles.enter_context(below.opened(results))
            inside = handles.enter_context(staging(at))
        except OSError as error:
            raise durable.RootClosed(error.errno, error.strerror, error.filename) from error
        yield at, inside


@contextlib.contextmanager
def staging(at: int) -> Iterator[int]:
    """A handle on an open root's staging directory, if it is ours."""
    with _entered(at) as inside:
        owner = os.fstat(inside).st_uid
        if owner != os.geteuid() and owner != _owner_of_ours(inside):
            reason = f"belongs to another user ({owner}); it has to be removed"
            raise OSError(errno.EPERM, reason, STAGING)
        yield inside


@contextlib.contextmanager
def _entered(at: int) -> Iterator[int]:
    with contextlib.ExitStack() as handles:
        try:
            inside = handles.enter_context(below.directory(at, STAGING))
        except NotADirectoryError as error:
            reason = "Not a directory, but a link or a file; it has to be removed"
            raise NotADirectoryError(errno.ENOTDIR, reason, STAGING) from error
        yield inside


def _owner_of_ours(inside: int) -> int | None:
    """Who owns what we make there: on FAT and on many shares somebody else, always the same."""
    probe = Spot(inside, name(0, "owner"))
    with contextlib.suppress(OSError):
        with below.fresh(probe) as made:
            owner = os.fstat(made).st_uid
        durable.unlink(probe)
        return owner
    return None


def private(photo_id: int, what: str) -> bytes:
    """A name in staging, relative to the result folder, that no other process uses.

    A daemon and ``matted process`` may file into one folder, and so may two containers, and each
    counts its photos from 1: without the process and its place in the name, one would publish what
    the other has staged. Every container has a process 1.
    """
    return os.path.join(STAGING, name(photo_id, what))


def name(photo_id: int, what: str) -> bytes:
    """The same, relative to the staging directory."""
    return f"{photo_id}-{what}-{os.getpid()}-{instance.place()}".encode()


def clear(at: Spot) -> None:
    """Remove a file or a stage of ours: the files in it, and never a directory in that."""
    found = below.look(at)
    if found is None:
        return
    if not stat.S_ISDIR(found.st_mode):
        durable.unlink(at)
        return
    with below.directory(at.directory, at.name) as stage:
        if os.fstat(stage).st_uid != os.fstat(at.directory).st_uid:
            raise OSError(errno.EPERM, "belongs to another user", at.name)
        for entry in map(os.fsencode, os.listdir(stage)):
            inner = below.look(Spot(stage, entry))
            if inner is not None and not stat.S_ISDIR(inner.st_mode):
                durable.unlink(Spot(stage, entry))
    os.rmdir(at.name, dir_fd=at.directory)
