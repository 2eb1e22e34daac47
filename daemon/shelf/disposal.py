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
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from daemon.errors import SourceTrouble
from daemon.photo import Photo, Version
from daemon.shelf import below, durable, roots, staging
from daemon.shelf.below import Spot
from daemon.shelf.names import cut
from daemon.shelf.spelling import LITTLE_BYTES, fitted

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


@dataclass(frozen=True, slots=True)
class _Source:
    """The watched file, and the hidden name in the same open directory."""

    seen: Spot
    hidden: Spot

    def sync(self) -> None:
        below.sync(self.seen.directory)


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
    with _opened(photo) as source:
        if originals == "keep":
            if source is not None:
                _put_back_taken(source)  # the policy was another one when we last crashed
            return Disposed.KEPT
        if source is None:
            return Disposed.MISSING
        if (found := _take(photo, source)) is not None:
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
    with _opened(photo) as source:
        if source is None:
            return Disposed.MISSING
        if (found := _take(photo, source)) is not None:
            return found
        try:
            what = "the original cannot be moved"
            with durable.results_trouble(what), roots.opened(root) as (at, inside):
                target = fitted(at, inside, relative, aside=True)
                return _move(photo, source, at, inside, target, sha256)
        except Exception:
            # If not even that works, it stays hidden until whoever is told calls again.
            with contextlib.suppress(OSError):
                _put_back_taken(source)
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
    with _opened(photo) as source, below.spot(root, moved) as there:
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


@contextlib.contextmanager
def _opened(photo: Photo) -> Iterator[_Source | None]:
    """The source's directory, opened; None if it is not there, or a link is in its place."""
    with _source_trouble(), contextlib.ExitStack() as handles:
        above, name = os.path.split(photo.path)
        try:
            root = handles.enter_context(below.opened(os.fsencode(photo.folder)))
            at = handles.enter_context(below.directory(root, above))
        except (FileNotFoundError, NotADirectoryError):
            source = None
        else:
            source = _Source(Spot(at, name), Spot(at, _hidden(photo.id, name)))
        yield source


def _hidden(photo_id: int, name: bytes) -> bytes:
    """Beside the source, ignored by every scan, and recognisable for people."""
    mark = f".matted-{photo_id}-".encode()
    return mark + cut(name, LITTLE_BYTES - len(b".copy") - len(mark))


def _take(photo: Photo, source: _Source) -> Disposed | None:
    """Take the source away under its hidden name; None if that is the version that was read."""
    seen, hidden = below.look(source.seen), below.look(source.hidden)
    if hidden is not None:
        if seen is not None and os.path.samestat(seen, hidden):
            durable.unlink(source.seen)  # the last attempt was killed between link and unlink
    elif seen is None:
        return Disposed.MISSING
    elif not Version.of(seen).matches(photo.version):
        return Disposed.CHANGED
    else:
        try:
            durable.rename(source.seen, source.hidden)
        except FileNotFoundError:
            return Disposed.MISSING
    # In this order: who opens it for writing after the first question no longer finds it.
    if durable.is_open_for_writing(source.hidden):
        _put_back_taken(source)
        raise SourceTrouble("the original is open for writing in another program", errno.EBUSY)
    taken = below.look(source.hidden)
    if taken is not None and Version.of(taken).matches(photo.version):
        return None
    _put_back_taken(source)
    return Disposed.CHANGED


def _put_back_taken(source: _Source) -> None:
    """Undo ``_take``; beside a file that has come in the meantime, under a numbered name."""
    if below.look(source.hidden) is not None:
        _rename_to_free(source.hidden, source.seen)
        source.sync()


def _move(
    photo: Photo, source: _Source, root: int, inside: int, relative: bytes, sha256: str | None
) -> Disposed:
    """Move the taken source, by copying it where the target is on another file system."""
    with below.spot(root, relative, make=True) as target:
        try:
            _rename_to_free(source.hidden, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            staging.discard_in(inside, photo.id)  # what a crash left half copied
            if not _copy(source, Spot(inside, _copied(photo)), target, sha256):
                _put_back_taken(source)
                return Disposed.CHANGED
            durable.unlink(source.hidden)
        else:
            below.sync(target.directory)
    source.sync()
    return Disposed.ARCHIVED


def _copied(photo: Photo) -> bytes:
    return os.path.basename(roots.private(photo.id, "original"))


def _copy(source: _Source, copy: Spot, target: Spot, sha256: str | None) -> bool:
    """Copy the taken source to disk, verified; False if its content is not what was read."""
    try:
        durable.copy_new(source.hidden, copy)
        found = durable.sha256(copy)
        if found != (sha256 or durable.sha256(source.hidden)):
            return False
        if not any(_holds(there, found) for there in _existing(target)):
            _rename_to_free(copy, target)
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


def _rename_to_free(source: Spot, target: Spot) -> None:
    for candidate in _numbered(target):
        try:
            durable.rename(source, candidate)
        except FileExistsError:
            continue
        return


def _existing(target: Spot) -> Iterator[Spot]:
    return itertools.takewhile(lambda there: below.look(there) is not None, _numbered(target))


def _numbered(target: Spot) -> Iterator[Spot]:
    """The name itself, then with -2, -3 and so on before its extension."""
    yield target
    stem, ext = os.path.splitext(target.name)
    # Where a long name was taken, the disk is known to take one as long.
    limit = max(len(target.name), LITTLE_BYTES)
    for number in itertools.count(2):
        suffix = f"-{number}".encode()
        yield Spot(target.directory, cut(stem, limit - len(suffix) - len(ext)) + suffix + ext)


@contextlib.contextmanager
def _source_trouble() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"the original cannot be moved or removed: {error.strerror}"
        raise SourceTrouble(reason, error.errno or errno.EIO) from error
