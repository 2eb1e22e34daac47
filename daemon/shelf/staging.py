"""Where outputs lie until they are complete: hidden, and on the same file system as the results."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from daemon.errors import ResultsTrouble
from daemon.photo import Photo
from daemon.shelf.durable import (
    directory,
    make_directories,
    make_directory,
    rename,
    results_trouble,
    sha256,
    sync_directory,
    sync_file,
    write_new,
)
from daemon.shelf.plan import Move, Plan

STAGING = b".matted-staging"
"""Hidden, so that nobody takes what lies there for results. It is also how a root is known again:
nothing is written to one that lacks it, such as the bare mount point under a disk that went away a
moment ago."""


def establish(root: Path, absent: Callable[[str], str | None]) -> None:
    """Make a directory known as one to write to, if it is itself.

    Args:
        root: the directory.
        absent: why it is not itself at the moment; None if it is.

    Raises:
        ResultsTrouble: it is not itself, or cannot be written.
    """
    with results_trouble(f"{root} cannot be written"), directory(os.fsencode(root)) as at:
        if reason := absent(str(root)):
            raise ResultsTrouble(f"{root}: {reason}", errno.ENODEV)
        # What was asked about by name is what is open, even if a disk goes away from here on.
        if not os.path.samestat(os.fstat(at), os.stat(root)):
            raise ResultsTrouble(f"{root}: another directory is in its place", errno.ENODEV)
        if not _is_there(at):
            make_directory(at, STAGING)


def _is_there(at: int) -> bool:
    try:
        os.stat(STAGING, dir_fd=at)
    except FileNotFoundError:
        return False
    return True


def private(photo_id: int, what: str) -> bytes:
    """A name in staging, relative to the result folder, that no other process uses.

    A daemon and ``matted process`` may file into one folder, and each counts its photos from 1:
    without the process in the name, one would publish what the other has staged.
    """
    return os.path.join(STAGING, f"{photo_id}-{what}-{os.getpid()}".encode())


def stage(results: Path, photo: Photo) -> bytes:
    """A fresh, empty directory for the outputs of this attempt.

    Returns:
        Its absolute path.

    Raises:
        ResultsTrouble: the result folder cannot be written.
    """
    root = os.fsencode(results)
    relative = private(photo.id, str(photo.tries))
    with results_trouble("results cannot be staged"):
        _remove_tree(os.path.join(root, relative))
        return make_directories(root, relative, beside=STAGING)


def seal(results: Path, files: Sequence[bytes], names: Sequence[bytes]) -> Plan:
    """Write staged files to disk for good, and plan their publication.

    Args:
        results: the result folder.
        files: absolute paths of complete files in one directory from ``stage``.
        names: what they are to be called, relative to the result folder; in the same order.

    Raises:
        ResultsTrouble: they cannot be written to disk.
    """
    root = os.fsencode(results)
    with results_trouble("results cannot be written"):
        for path in files:
            sync_file(path)
        for directory in {os.path.dirname(path) for path in files}:
            sync_directory(directory)
        moves = tuple(
            Move(os.path.relpath(path, root), name, os.lstat(path).st_size, sha256(path))
            for path, name in zip(files, names, strict=True)
        )
    return Plan(root, moves)


def discard(results: Path, photo_id: int) -> None:
    """Remove what is staged for a photo, of all its attempts.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    _remove(results, lambda owner: owner == photo_id)


def sweep(results: Path, *, keep: Collection[int]) -> None:
    """Remove what an earlier run left staged, except for photos that are being published.

    What belongs to another process that is still alive stays.

    Args:
        results: the result folder.
        keep: ids of photos with a plan that was not carried out.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    _remove(results, lambda owner: owner not in keep)


def _remove(results: Path, doomed: Callable[[int], bool]) -> None:
    directory = os.path.join(os.fsencode(results), STAGING)
    with results_trouble("staged results cannot be removed"):
        for name in os.listdir(directory) if os.path.isdir(directory) else ():
            match name.split(b"-"):
                case [photo, _, process] if photo.isdigit() and process.isdigit():
                    stale = doomed(int(photo)) and not _is_of_another(int(process))
                case _:
                    stale = True
            if stale:
                _remove_tree(os.path.join(directory, name))


def _is_of_another(process: int) -> bool:
    """Whether this is another process that is alive."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove_tree(path: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def demand_room(directory: Path, size_bytes: int) -> None:
    """Make sure that so much can be written there.

    Raises:
        ResultsTrouble: there is less room, or none can tell how much.
    """
    with results_trouble("the free space cannot be told"):
        free = shutil.disk_usage(directory).free
    if free < size_bytes:
        wanted, there = -(-size_bytes >> 20), free >> 20  # up and down: 0 of 0 tells nothing
        reason = f"{wanted} MiB are needed on the disk of {directory}, {there} are free"
        raise ResultsTrouble(reason, errno.ENOSPC)


def check(results: Path) -> None:
    """Make sure that results can be published here, by publishing a small file out of sight.

    Raises:
        ResultsTrouble: they cannot; ``str()`` says why.
    """
    with results_trouble("results cannot be published"):
        root = os.fsencode(results)
        found = os.path.isdir(os.path.join(root, STAGING))
        make_directories(root, STAGING)
        probe, published = (os.path.join(root, private(0, what)) for what in ("probe", "published"))
        write_new(probe, b"matted")
        _remove_tree(published)
        rename(probe, published)
        sync_directory(os.path.dirname(published))
        os.unlink(published)
        if not found:  # whether this root is itself is not for us to say
            os.rmdir(os.path.join(root, STAGING))
