"""Where outputs lie until they are complete: hidden, and on the same file system as the results."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from daemon.errors import ResultsTrouble
from daemon.machine import instance
from daemon.photo import Photo
from daemon.plan import Move, Plan, fitting
from daemon.shelf import below, durable, rights, roots
from daemon.shelf.below import Spot
from daemon.shelf.durable import results_trouble

_ABANDONED_S = 86_400.0


def establish(directory: Path, absent: Callable[[str], str | None]) -> None:
    """Make a directory known as one to write to, if it is itself.

    Args:
        directory: the root.
        absent: why it is not itself at the moment; None if it is.

    Raises:
        ResultsTrouble: it is not itself, or cannot be written.
    """
    with results_trouble(f"{directory} cannot be written"), below.opened(directory) as at:
        if reason := absent(str(directory)):
            raise ResultsTrouble(f"{directory}: {reason}", errno.ENODEV)
        # What was asked about by name is what is open, even if a disk goes away from here on.
        if not os.path.samestat(os.fstat(at), os.lstat(directory)):
            raise ResultsTrouble(f"{directory}: another directory is in its place", errno.ENODEV)
        roots.demand_rights(at)
        if not roots.is_established(at):
            below.make_directory(at, roots.STAGING, roots.PRIVATE)
        with roots.staging(at) as inside:
            roots.close_to_others(inside)


def stage(results: Path, photo: Photo, *, unguessable: bool = False) -> bytes:
    """A fresh, empty directory for the outputs of this attempt.

    Args:
        results: the result folder.
        photo: whose, and in which attempt.
        unguessable: whether no other directory has ever had, or will have, its name: on a share
            another machine knows it by that, and finds no later attempt's.

    Returns:
        Its absolute path; to be entered by ``entered``.

    Raises:
        ResultsTrouble: the result folder cannot be written.
    """
    alone = f"{secrets.randbelow(10**12):012d}" if unguessable else ""
    name = roots.name(photo.id, f"{photo.tries}{alone}")
    with results_trouble("results cannot be staged"), roots.opened(results) as (_, inside):
        roots.clear(Spot(inside, name))
        os.mkdir(name, roots.PRIVATE, dir_fd=inside)
        below.sync(inside)
    return os.path.join(os.fsencode(results), roots.STAGING, name)


@contextlib.contextmanager
def entered(results: Path, stage: bytes) -> Iterator[Path]:
    """A directory from ``stage``, under a path that leads to no other one while this lasts.

    Libraries write files by their paths, and the long one may lead elsewhere by now.

    Raises:
        ResultsTrouble: it cannot be entered.
    """
    with contextlib.ExitStack() as handles:
        with results_trouble("results cannot be staged"):
            at, _ = handles.enter_context(roots.opened(results))
            relative = os.path.relpath(stage, os.fsencode(results))
            inside = handles.enter_context(below.directory(at, relative))
        yield Path(f"/proc/self/fd/{inside}")


@contextlib.contextmanager
def on_trial(staging: int) -> Iterator[int]:
    """A directory for a moment, in which any names may be made."""
    at = Spot(staging, roots.name(0, "trial"))
    roots.clear(at)
    os.mkdir(at.name, roots.PRIVATE, dir_fd=staging)
    try:
        with below.directory(staging, at.name) as inside:
            yield inside
    finally:
        roots.clear(at)


def seal(results: Path, files: Sequence[bytes], names: Sequence[bytes]) -> Plan:
    """Write staged files to disk for good, and plan their publication.

    Args:
        results: the result folder.
        files: absolute paths of complete files in one directory from ``stage``.
        names: what they are to be called, relative to the result folder; in the same order. If
            these are not as many, the plan has no names yet.

    Raises:
        ResultsTrouble: they cannot be written to disk.
    """
    where = os.fsencode(results)
    staged = [os.path.relpath(path, where) for path in files]
    names = names if len(names) == len(staged) else staged
    with results_trouble("results cannot be written"), roots.opened(results) as (at, _):
        given = rights.of(at)
        moves = tuple(_sealed(at, *pair, given) for pair in zip(staged, names, strict=True))
        for above in {os.path.dirname(path) for path in staged}:
            with below.directory(at, above) as stage:
                below.sync(stage)
    return Plan(where, moves)


def _sealed(at: int, staged: bytes, final: bytes, given: rights.Rights) -> Move:
    with below.spot(at, staged) as there:
        with below.regular(there) as made:  # before it is synced: they are to last as well
            rights.give(made, given)
        return Move(staged, fitting(final, staged), *durable.sync_file(there))


def discard(results: Path, photo_id: int) -> None:
    """Remove what is staged for a photo, of all its attempts.

    Raises:
        ResultsTrouble: it cannot be removed; a root in which nothing can be staged by now is a disk
            that has gone, and what lies on it is still there.
    """
    with (
        results_trouble("staged results cannot be removed"),
        roots.opened(results) as (_, inside),
    ):
        discard_in(inside, photo_id)


def sweep(results: Path, *, keep: Collection[int]) -> None:
    """Remove what an earlier run left staged, except for photos that are being published.

    What belongs to another process that is still alive stays, and so does what we never name so.

    Args:
        results: the result folder.
        keep: ids of photos with a plan that was not carried out.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    with results_trouble("staged results cannot be removed"):
        try:
            with roots.opened(results) as (_, inside):
                _remove_from(inside, lambda owner: owner not in keep)
        except OSError as error:
            if error.errno != errno.ENOENT:  # nothing was ever staged there
                raise


def discard_attempt(results: Path, stage: bytes) -> None:
    """Remove one directory from ``stage``, if it is there still.

    Raises:
        ResultsTrouble: it cannot be removed.
    """
    with (
        results_trouble("staged results cannot be removed"),
        roots.opened(results) as (_, inside),
    ):
        roots.clear(Spot(inside, os.path.basename(stage)))


def discard_in(staging: int, photo_id: int) -> None:
    """The same as ``discard``, where the staging directory is open."""
    _remove_from(staging, lambda owner: owner == photo_id)


def _remove_from(staging: int, doomed: Callable[[int], bool]) -> None:
    for name in map(os.fsencode, os.listdir(staging)):
        match = roots.OURS.fullmatch(name)
        if match is None:
            continue
        photo, _, process, place = match.groups()
        if doomed(int(photo)) and not _is_of_another(Spot(staging, name), int(process), place):
            roots.clear(Spot(staging, name))


def _is_of_another(at: Spot, process: int, place: bytes | None) -> bool:
    """Whether this belongs to another process that is alive, or may be.

    Of one in another container or on another machine, or from before the machine's last start, only
    the age tells: none stages for a day.
    """
    if place is not None and os.fsdecode(place) != instance.place():
        return _age_s(at) < _ABANDONED_S
    return process != os.getpid() and instance.is_alive(process)


def _age_s(at: Spot) -> float:
    """By the file system's own clock, which on a share is the server's."""
    found = below.look(at)
    if found is None:
        return 0.0
    probe = Spot(at.directory, roots.name(0, "clock"))
    with below.fresh(probe) as made:
        now_s = os.fstat(made).st_mtime
    durable.unlink(probe)
    return now_s - found.st_mtime
