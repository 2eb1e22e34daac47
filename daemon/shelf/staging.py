"""Where outputs lie until they are complete: hidden, and on the same file system as the results."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from daemon.errors import ResultsTrouble
from daemon.photo import Photo
from daemon.shelf import below, durable
from daemon.shelf.below import Spot
from daemon.shelf.durable import results_trouble
from daemon.shelf.plan import Move, Plan

STAGING = b".matted-staging"
"""Hidden, so that nobody takes what lies there for results. It is also how a root is known again:
nothing is written to one that lacks it, such as the bare mount point under a disk that went away a
moment ago."""

_PRIVATE = 0o700
_OURS = re.compile(rb"([0-9]+)-([0-9]+|[a-z]+)-([0-9]+)")
"""What ``private`` makes: photo, purpose, process."""


def establish(root: Path, absent: Callable[[str], str | None]) -> None:
    """Make a directory known as one to write to, if it is itself.

    Args:
        root: the directory.
        absent: why it is not itself at the moment; None if it is.

    Raises:
        ResultsTrouble: it is not itself, or cannot be written.
    """
    with results_trouble(f"{root} cannot be written"), below.opened(root) as at:
        if reason := absent(str(root)):
            raise ResultsTrouble(f"{root}: {reason}", errno.ENODEV)
        # What was asked about by name is what is open, even if a disk goes away from here on.
        if not os.path.samestat(os.fstat(at), os.lstat(root)):
            raise ResultsTrouble(f"{root}: another directory is in its place", errno.ENODEV)
        _demand_rights(at)
        if not _is_established(at):
            below.make_directory(at, STAGING, _PRIVATE)
        with _staging(at) as inside:
            _close_to_others(inside)


def _demand_rights(at: int) -> None:
    """As the staging directory is ours, it can be written where the root cannot any more."""
    if not below.is_writable(at):
        number = errno.EROFS if os.fstatvfs(at).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(number, os.strerror(number))


def _is_established(at: int) -> bool:
    """Whether the staging directory is there; an empty one that somebody else made is removed."""
    found = below.look(Spot(at, STAGING))
    if found is None:
        return False
    if stat.S_ISDIR(found.st_mode) and found.st_uid != os.geteuid():
        with contextlib.suppress(OSError):  # as after a chown of everything; if not, _staging says
            os.rmdir(STAGING, dir_fd=at)
            return False
    return True


def _close_to_others(staging: int) -> None:
    """Take others' rights from one that was made with more; those to results are of no concern."""
    mode = stat.S_IMODE(os.fstat(staging).st_mode)
    if mode & 0o077:
        with contextlib.suppress(OSError):  # FAT and many shares know no modes
            os.fchmod(staging, mode & ~0o077)


@contextlib.contextmanager
def root(results: Path | bytes) -> Iterator[tuple[int, int]]:
    """Handles on a root and on its staging directory, which must be there and be ours.

    Raises:
        OSError: it is not, or is a link, or belongs to another user.
    """
    with below.opened(results) as at, _staging(at) as inside:
        yield at, inside


@contextlib.contextmanager
def _staging(at: int) -> Iterator[int]:
    with below.directory(at, STAGING) as inside:
        owner = os.fstat(inside).st_uid
        if owner != os.geteuid() and owner != _owner_of_ours(inside):
            reason = f"belongs to another user ({owner}); it has to be removed"
            raise OSError(errno.EPERM, reason, STAGING)
        yield inside


def _owner_of_ours(staging: int) -> int | None:
    """Who owns what we make there: on FAT and on many shares somebody else, always the same."""
    probe = Spot(staging, _name(0, "owner"))
    with contextlib.suppress(OSError):
        with below.fresh(probe) as made:
            owner = os.fstat(made).st_uid
        durable.unlink(probe)
        return owner
    return None


def private(photo_id: int, what: str) -> bytes:
    """A name in staging, relative to the result folder, that no other process uses.

    A daemon and ``matted process`` may file into one folder, and each counts its photos from 1:
    without the process in the name, one would publish what the other has staged.
    """
    return os.path.join(STAGING, _name(photo_id, what))


def _name(photo_id: int, what: str) -> bytes:
    return f"{photo_id}-{what}-{os.getpid()}".encode()


def stage(results: Path, photo: Photo) -> bytes:
    """A fresh, empty directory for the outputs of this attempt.

    Returns:
        Its absolute path; to be entered by ``entered``.

    Raises:
        ResultsTrouble: the result folder cannot be written.
    """
    name = _name(photo.id, str(photo.tries))
    with results_trouble("results cannot be staged"), root(results) as (_, inside):
        _clear(Spot(inside, name))
        os.mkdir(name, _PRIVATE, dir_fd=inside)
        below.sync(inside)
    return os.path.join(os.fsencode(results), STAGING, name)


@contextlib.contextmanager
def entered(results: Path, stage: bytes) -> Iterator[Path]:
    """A directory from ``stage``, under a path that leads to no other one while this lasts.

    Libraries write files by their paths, and the long one may lead elsewhere by now.

    Raises:
        ResultsTrouble: it cannot be entered.
    """
    with contextlib.ExitStack() as handles:
        with results_trouble("results cannot be staged"):
            at, _ = handles.enter_context(root(results))
            relative = os.path.relpath(stage, os.fsencode(results))
            inside = handles.enter_context(below.directory(at, relative))
        yield Path(f"/proc/self/fd/{inside}")


@contextlib.contextmanager
def on_trial(staging: int) -> Iterator[int]:
    """A directory for a moment, in which any names may be made."""
    at = Spot(staging, _name(0, "trial"))
    _clear(at)
    os.mkdir(at.name, _PRIVATE, dir_fd=staging)
    try:
        with below.directory(staging, at.name) as inside:
            yield inside
    finally:
        _clear(at)


def seal(results: Path, files: Sequence[bytes], names: Sequence[bytes]) -> Plan:
    """Write staged files to disk for good, and plan their publication.

    Args:
        results: the result folder.
        files: absolute paths of complete files in one directory from ``stage``.
        names: what they are to be called, relative to the result folder; in the same order.

    Raises:
        ResultsTrouble: they cannot be written to disk.
    """
    where = os.fsencode(results)
    staged = [os.path.relpath(path, where) for path in files]
    with results_trouble("results cannot be written"), root(results) as (at, _):
        moves = tuple(_sealed(at, *pair) for pair in zip(staged, names, strict=True))
        for above in {os.path.dirname(path) for path in staged}:
            with below.directory(at, above) as stage:
                below.sync(stage)
    return Plan(where, moves)


def _sealed(at: int, staged: bytes, final: bytes) -> Move:
    with below.spot(at, staged) as there:
        return Move(staged, final, *durable.sync_file(there))


def discard(results: Path, photo_id: int) -> None:
    """Remove what is staged for a photo, of all its attempts.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    _remove(results, lambda owner: owner == photo_id)


def sweep(results: Path, *, keep: Collection[int]) -> None:
    """Remove what an earlier run left staged, except for photos that are being published.

    What belongs to another process that is still alive stays, and so does what we never name so.

    Args:
        results: the result folder.
        keep: ids of photos with a plan that was not carried out.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    _remove(results, lambda owner: owner not in keep)


def _remove(results: Path, doomed: Callable[[int], bool]) -> None:
    with (
        results_trouble("staged results cannot be removed"),
        contextlib.suppress(FileNotFoundError),
        root(results) as (_, inside),
    ):
        _remove_from(inside, doomed)


def discard_in(staging: int, photo_id: int) -> None:
    """The same as ``discard``, where the staging directory is open."""
    _remove_from(staging, lambda owner: owner == photo_id)


def _remove_from(staging: int, doomed: Callable[[int], bool]) -> None:
    for name in map(os.fsencode, os.listdir(staging)):
        match = _OURS.fullmatch(name)
        if match is None:
            continue
        photo, _, process = match.groups()
        if doomed(int(photo)) and not _is_of_another(int(process)):
            _clear(Spot(staging, name))


def _is_of_another(process: int) -> bool:
    """Whether this is another process that is alive."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):  # no process was ever numbered so high
        return False
    except PermissionError:
        pass
    return True


def _clear(at: Spot) -> None:
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
        for name in map(os.fsencode, os.listdir(stage)):
            inner = below.look(Spot(stage, name))
            if inner is not None and not stat.S_ISDIR(inner.st_mode):
                durable.unlink(Spot(stage, name))
    os.rmdir(at.name, dir_fd=at.directory)


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
    """Make sure that results can be published here, by rehearsing it out of sight.

    Raises:
        ResultsTrouble: they cannot; ``str()`` says why.
    """
    with results_trouble("results cannot be published"), lent(results) as inside:
        _rehearse(inside)


@contextlib.contextmanager
def lent(results: Path) -> Iterator[int]:
    """A staging directory for trials, whether there is one or not, or was none before.

    Raises:
        ResultsTrouble: the root cannot be written.
    """
    with results_trouble("results cannot be published"), below.opened(results) as at:
        _demand_rights(at)
        found = below.look(Spot(at, STAGING)) is not None
        if not found:
            os.mkdir(STAGING, _PRIVATE, dir_fd=at)
        with _staging(at) as inside:
            yield inside
        if not found:  # whether this root is itself is not for us to say
            os.rmdir(STAGING, dir_fd=at)


def _rehearse(staging: int) -> None:
    """Every call that filing makes: a disk on which one of them fails is not in order."""
    stage, published = (Spot(staging, _name(0, what)) for what in ("probe", "published"))
    for left in (stage, published):
        _clear(left)
    os.mkdir(stage.name, _PRIVATE, dir_fd=staging)
    with below.directory(staging, stage.name) as inside:
        durable.write_new(Spot(inside, b"0"), b"matted")
        below.sync(inside)
        durable.rename(Spot(inside, b"0"), published)
        below.sync(staging)
    durable.unlink(published)
    os.rmdir(stage.name, dir_fd=staging)
