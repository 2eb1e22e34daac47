"""What becomes of an original once its outputs are durable, and only then."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

from daemon.photo import Photo, Version
from daemon.shelf import below, durable, roots, staging
from daemon.shelf.below import Spot
from daemon.shelf.spelling import fitted
from daemon.shelf.taken_source import Disposed, Source, numbered, opened, rename_to_free

Originals = Literal["keep", "archive", "delete"]


def dispose(
    photo: Photo, originals: Originals, *, archive: Path | None, day: date, sha256: str
) -> Disposed:
    """Treat the source as the folder's settings say; may be repeated after a crash.

    Args:
        photo: whose outputs are filed, durably, and in the ledger too.
        originals: the folder's policy.
        archive: where ``archive`` moves it, into a folder for the day; it must exist.
        day: when the photo was filed.
        sha256: of the content that was read; a copy on another disk must match it.

    Raises:
        SourceTrouble: the source cannot be moved or removed at the moment.
        ResultsTrouble: the archive cannot be written; the source is where it was.
    """
    if originals == "archive":
        assert archive is not None, "the settings demand an archive"
        return relocate(photo, archive, f"{day:%Y-%m-%d}/".encode() + photo.path, sha256=sha256)
    with opened(photo) as source:
        if originals == "keep":
            if source is not None:
                source.put_back()  # the policy was another one when we last crashed
            return Disposed.KEPT
        if source is None:
            return Disposed.MISSING
        if (found := source.take(photo)) is not None:
            return found
        durable.unlink(source.hidden)
        source.sync()
    return Disposed.DELETED


def relocate(photo: Photo, root: Path, relative: bytes, *, sha256: str | None) -> Disposed:
    """Move a source below a root, under the first of its numbered names that is free.

    Args:
        photo: what to move, if it still is the version that was read.
        root: an existing directory.
        relative: the wanted name below it; another one, if that is of no use there.
        sha256: of the content that was read, if it was.

    Returns:
        ARCHIVED, CHANGED or MISSING.

    Raises:
        SourceTrouble: the source cannot be moved at the moment.
        ResultsTrouble: the target cannot be written; the source is where it was.
    """
    with opened(photo) as source:
        if source is None:
            return Disposed.MISSING
        if (found := source.take(photo)) is not None:
            return found
        try:
            what = "the original cannot be moved"
            with durable.results_trouble(what), roots.opened(root) as (at, inside):
                target = fitted(at, inside, relative, aside=True)
                return _move(photo, source, at, inside, target, sha256)
        except Exception:
            # If not even that works, it stays hidden until whoever is told calls again.
            with contextlib.suppress(OSError):
                source.put_back()
            raise


def put_back(photo: Photo, root: int, moved: bytes) -> None:
    """Move a source back to where it was, from where ``relocate`` put it, if it is there.

    Args:
        photo: whose source it is.
        root: the open root.
        moved: its name below that.

    Raises:
        SourceTrouble: it cannot be, or another file is in its place.
    """
    found = below.look_up(root, moved)
    if found is None or not _resembles(found, photo.version):
        return
    with opened(photo) as source, below.spot(root, moved) as there:
        if source is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        try:
            durable.rename(there, source.seen)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            copy = Spot(source.hidden.directory, source.hidden.name + b".copy")
            durable.copy_new(there, copy)
            durable.rename(copy, source.seen)
            durable.unlink(there)
        source.sync()


def _resembles(found: os.stat_result, version: Version) -> bool:
    """A copy from another disk has another inode."""
    return (found.st_size, found.st_mtime_ns) == (version.size_bytes, version.mtime_ns)


def _move(
    photo: Photo, source: Source, root: int, inside: int, relative: bytes, sha256: str | None
) -> Disposed:
    """Move the taken source, by copying it where the target is on another file system."""
    with below.spot(root, relative, make=True) as target:
        try:
            rename_to_free(source.hidden, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            staging.discard_in(inside, photo.id)  # what a crash left half copied
            if not _copy(source, Spot(inside, _copied(photo)), target, sha256):
                source.put_back()
                return Disposed.CHANGED
            durable.unlink(source.hidden)
        else:
            below.sync(target.directory)
    source.sync()
    return Disposed.ARCHIVED


def _copied(photo: Photo) -> bytes:
    return os.path.basename(roots.private(photo.id, "original"))


def _copy(source: Source, copy: Spot, target: Spot, sha256: str | None) -> bool:
    """Copy the taken source to disk, verified; False if its content is not what was read."""
    try:
        durable.copy_new(source.hidden, copy)
        found = durable.sha256(copy)
        if found != (sha256 or durable.sha256(source.hidden)):
            return False
        if not any(_holds(there, found) for there in _existing(target)):
            rename_to_free(copy, target)
        below.sync(target.directory)
    finally:
        with contextlib.suppress(FileNotFoundError):
            durable.unlink(copy)
    return True


def _holds(there: Spot, sha256: str) -> bool:
    """Whether a file is our copy already, made before a crash."""
    try:
        return durable.sha256(there) == sha256
    except OSError:  # no regular file, or not ours to read
        return False


def _existing(target: Spot) -> Iterator[Spot]:
    return itertools.takewhile(lambda there: below.look(there) is not None, numbered(target))
