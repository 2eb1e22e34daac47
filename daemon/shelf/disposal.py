"""What becomes of an original once its outputs are durable, and only then.

The name of a file says little about its content: while we look, another program may put a new
photo in its place. So a file is first taken away under a hidden name, in one step, then looked at,
and put back if it is not the one that was read. To look first and remove then could lose the new
photo.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from daemon.errors import SourceTrouble
from daemon.photo import Photo, Version
from daemon.shelf import durable, staging

Originals = Literal["keep", "archive", "delete"]


class Disposed(StrEnum):
    """What became of a source."""

    KEPT = "kept"
    ARCHIVED = "archived"
    DELETED = "deleted"
    CHANGED = "changed"
    """It is no longer what was read, and was left alone."""
    MISSING = "missing"
    """It is not there: done before a crash, or taken by somebody else."""


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
    with _source_trouble():
        if originals == "keep":
            _untake(photo)  # the policy was another one when we last crashed
            return Disposed.KEPT
        if (found := _take(photo)) is not None:
            return found
        os.unlink(_hidden(photo))
        durable.sync_directory(os.path.dirname(_source(photo)))
    return Disposed.DELETED


def relocate(photo: Photo, root: Path, relative: bytes, *, sha256: str | None) -> Disposed:
    """Move a source below a root, under the first of its numbered names that is free.

    Args:
        photo: what to move, if it still is the version that was read.
        root: an existing directory.
        relative: the wanted name below it.
        sha256: of the content that was read, if it was.

    Returns:
        ARCHIVED, CHANGED or MISSING.

    Raises:
        SourceTrouble: the source cannot be moved at the moment.
        ResultsTrouble: the target cannot be written; the source is where it was.
    """
    with _source_trouble():
        if (found := _take(photo)) is not None:
            return found
    try:
        with durable.results_trouble("the original cannot be moved"):
            moved = _move(photo, os.fsencode(root), relative, sha256)
    except Exception:
        # If not even that works, it stays hidden until whoever is told calls again.
        with contextlib.suppress(OSError):
            _untake(photo)
        raise
    return moved


def put_back(photo: Photo, moved: bytes) -> None:
    """Move a source back to where it was, from where ``relocate`` put it, if it is there.

    Raises:
        SourceTrouble: it cannot be, or another file is in its place.
    """
    source = _source(photo)
    with _source_trouble():
        if not os.path.lexists(moved) or not _resembles(os.lstat(moved), photo.version):
            return
        try:
            durable.rename(moved, source)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            copy = _hidden(photo) + b".copy"
            shutil.copy2(moved, copy, follow_symlinks=False)
            durable.sync_file(copy)
            durable.rename(copy, source)
            os.unlink(moved)
        durable.sync_directory(os.path.dirname(source))


def _resembles(found: os.stat_result, version: Version) -> bool:
    """A copy from another disk has another inode."""
    return (found.st_size, found.st_mtime_ns) == (version.size_bytes, version.mtime_ns)


def _source(photo: Photo) -> bytes:
    return os.path.join(os.fsencode(photo.folder), photo.path)


def _hidden(photo: Photo) -> bytes:
    """Beside the source, ignored by every scan, and recognisable for people."""
    directory, name = os.path.split(_source(photo))
    return os.path.join(directory, f".matted-{photo.id}-".encode() + name[:200])


def _take(photo: Photo) -> Disposed | None:
    """Take the source away under its hidden name; None if that is the version that was read."""
    source, hidden = _source(photo), _hidden(photo)
    if os.path.lexists(hidden):
        if os.path.lexists(source) and os.path.samestat(os.lstat(source), os.lstat(hidden)):
            os.unlink(source)  # the last attempt was killed between linking and unlinking
    else:
        try:
            if not Version.of(os.lstat(source)).matches(photo.version):
                return Disposed.CHANGED
            durable.rename(source, hidden)
        except (FileNotFoundError, NotADirectoryError):
            return Disposed.MISSING
    # In this order: who opens it for writing after the first question no longer finds it.
    if durable.is_open_for_writing(hidden):
        _untake(photo)
        raise SourceTrouble("the original is open for writing in another program", errno.EBUSY)
    if Version.of(os.lstat(hidden)).matches(photo.version):
        return None
    _untake(photo)
    return Disposed.CHANGED


def _untake(photo: Photo) -> None:
    """Undo ``_take``; beside a file that has come in the meantime, under a numbered name."""
    if os.path.lexists(_hidden(photo)):
        _rename_to_free(_hidden(photo), _source(photo))
        durable.sync_directory(os.path.dirname(_source(photo)))


def _move(photo: Photo, root: bytes, relative: bytes, sha256: str | None) -> Disposed:
    """Move the taken source, by copying it where the target is on another file system."""
    hidden = _hidden(photo)
    durable.make_directories(root, os.path.dirname(relative), beside=staging.STAGING)
    target = os.path.join(root, relative)
    try:
        _rename_to_free(hidden, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if not _copy(photo, root, target, sha256):
            _untake(photo)
            return Disposed.CHANGED
        os.unlink(hidden)
    else:
        durable.sync_directory(os.path.dirname(target))
    durable.sync_directory(os.path.dirname(hidden))
    return Disposed.ARCHIVED


def _copy(photo: Photo, root: bytes, target: bytes, sha256: str | None) -> bool:
    """Copy the taken source to disk, verified; False if its content is not what was read."""
    staging.discard(Path(os.fsdecode(root)), photo.id)  # what a crash left half copied
    copy = os.path.join(root, staging.private(photo.id, "original"))
    try:
        shutil.copy2(_hidden(photo), copy, follow_symlinks=False)
        durable.sync_file(copy)
        found = durable.sha256(copy)
        if found != (sha256 or durable.sha256(_hidden(photo))):
            return False
        if not any(_holds(path, found) for path in _existing(target)):
            _rename_to_free(copy, target)
        durable.sync_directory(os.path.dirname(target))
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(copy)
    return True


def _holds(path: bytes, sha256: str) -> bool:
    """Whether a file is our copy already, made before a crash."""
    return os.path.isfile(path) and durable.sha256(path) == sha256


def _rename_to_free(source: bytes, target: bytes) -> None:
    for candidate in _numbered(target):
        try:
            durable.rename(source, candidate)
        except FileExistsError:
            continue
        return


def _existing(target: bytes) -> Iterator[bytes]:
    return itertools.takewhile(os.path.lexists, _numbered(target))


def _numbered(target: bytes) -> Iterator[bytes]:
    """The name itself, then with -2, -3 and so on before its extension."""
    yield target
    directory, name = os.path.split(target)
    stem, ext = os.path.splitext(name)
    for number in itertools.count(2):
        suffix = f"-{number}".encode()
        yield os.path.join(directory, stem[: 255 - len(suffix) - len(ext)] + suffix + ext)


@contextlib.contextmanager
def _source_trouble() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"the original cannot be moved or removed: {error.strerror}"
        raise SourceTrouble(reason, error.errno or errno.EIO) from error
