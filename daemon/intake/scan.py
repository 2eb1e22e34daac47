"""What lies in a watched folder now. The scan is truth: everything is found by it, in the end."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from daemon.errors import FolderGone
from daemon.intake.ignore import Rule
from daemon.photo import Sighting, Version

Clock = Callable[[], float]
"""Seconds on the monotonic clock."""

_VANISHED = (errno.ENOENT, errno.ENOTDIR)


@dataclass(frozen=True, slots=True)
class Remark:
    """A path relative to the folder, and one line about it."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """One complete look at a folder."""

    folder: str
    sightings: tuple[Sighting, ...]
    """Of files that are photos by their names, by path; empty files too."""
    ignored: tuple[Remark, ...]
    """Files that are not photos, by name or by kind. What is ignored by a glob is not listed."""
    trouble: tuple[Remark, ...]
    """What could not be read; a directory stands for all that may lie below it."""
    device: int
    """Device number of the folder itself."""
    inode: int
    """Its inode number."""

    under: bytes = b""
    """The sub-tree that was looked at; all of the folder by default."""

    def missing(self, paths: Iterable[bytes]) -> tuple[bytes, ...]:
        """Which of these are certainly not there: this scan would have seen them."""
        seen = {sighting.path for sighting in self.sightings}
        return tuple(path for path in paths if path not in seen and self._covers(path))

    def _covers(self, path: bytes) -> bool:
        return _lies_in(path, self.under) and not any(
            _lies_in(path, remark.path) for remark in self.trouble
        )


def _lies_in(path: bytes, directory: bytes) -> bool:
    return not directory or path == directory or path.startswith(directory + b"/")


def scan(
    folder: str, *, recursive: bool, rule: Rule, under: bytes = b"", clock: Clock = time.monotonic
) -> Scan:
    """Look at every file of a folder; symlinks are not followed, and not photos either.

    Each sighting bears the time of its own look, so a scan that hangs for a minute on a network
    file system does not make files look older than they are.

    Args:
        folder: absolute path of the watched folder.
        recursive: whether to enter sub-folders.
        rule: which names are photos.
        under: the sub-tree to look at, relative to the folder; all of it by default.
        clock: gives ``seen_at_s``.

    Raises:
        FolderGone: the folder itself is away, unreadable, or was exchanged while it was scanned.
    """
    before = _root(folder)
    walk = _Walk(folder, recursive, rule, clock)
    if not under or (recursive and _reaches(folder, under, rule)):
        walk.descend(under)
    after = _root(folder)
    if (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
        raise FolderGone("was exchanged for another folder while it was scanned", errno.ESTALE)
    walk.sightings.sort(key=lambda sighting: sighting.path)
    return Scan(
        folder,
        tuple(walk.sightings),
        tuple(walk.ignored),
        tuple(walk.trouble),
        after.st_dev,
        after.st_ino,
        under,
    )


def look(
    folder: str, path: bytes, *, recursive: bool, rule: Rule, clock: Clock = time.monotonic
) -> Sighting | None:
    """Look at one file.

    Returns:
        What a scan would see; None where it would see no photo, or nothing can be seen at the
        moment. None is no proof that the file was deleted: only a scan is.
    """
    directory, _, name = path.rpartition(b"/")
    if rule.ignores(name) or not rule.takes(name) or (directory and not recursive):
        return None
    try:
        if directory and not _reaches(folder, directory, rule):
            return None
        found = os.lstat(os.path.join(os.fsencode(folder), path))
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Sighting(folder, path, Version.of(found), clock())


def _root(folder: str) -> os.stat_result:
    """The folder itself; it may be a symlink, what lies in it may not."""
    try:
        found = os.stat(folder)
        os.scandir(folder).close()
    except OSError as error:
        raise FolderGone(f"cannot be read: {error.strerror}", error.errno or errno.EIO) from error
    return found


def _reaches(folder: str, directory: bytes, rule: Rule) -> bool:
    """Whether a scan would come to this sub-folder: no symlinks, nothing ignored on the way."""
    at = os.fsencode(folder)
    for name in directory.split(b"/"):
        at = os.path.join(at, name)
        try:
            if rule.ignores_folder(name) or not stat.S_ISDIR(os.lstat(at).st_mode):
                return False
        except OSError:
            return False
    return True


class _Walk:
    """Everything that is found below a folder."""

    __slots__ = ("_clock", "_folder", "_recursive", "_rule", "ignored", "sightings", "trouble")

    def __init__(self, folder: str, recursive: bool, rule: Rule, clock: Clock) -> None:  # noqa: FBT001 - private
        self._folder = folder
        self._recursive = recursive
        self._rule = rule
        self._clock = clock
        self.sightings: list[Sighting] = []
        self.ignored: list[Remark] = []
        self.trouble: list[Remark] = []

    def descend(self, directory: bytes) -> None:
        """Look into a directory and, if the scan is recursive, into all below it."""
        pending = [directory]
        while pending:  # a deep tree must not exhaust the stack
            pending += self._look_into(pending.pop())

    def _look_into(self, directory: bytes) -> list[bytes]:
        """Look at one directory; returns its sub-folders."""
        prefix = directory + b"/" if directory else b""
        deeper: list[bytes] = []
        try:
            with os.scandir(os.path.join(os.fsencode(self._folder), directory)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if self._recursive and not self._rule.ignores_folder(entry.name):
                            deeper.append(prefix + entry.name)
                    elif not self._rule.ignores(entry.name):
                        self._look_at(prefix + entry.name, entry)
        except OSError as error:
            self._excuse(directory, error)
        return deeper

    def _look_at(self, path: bytes, entry: os.DirEntry[bytes]) -> None:
        if not self._rule.takes(entry.name):
            self.ignored.append(Remark(path, "not a photo by its name"))
            return
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._excuse(path, error)
            return
        if stat.S_ISREG(found.st_mode):
            self.sightings.append(Sighting(self._folder, path, Version.of(found), self._clock()))
        else:
            link = stat.S_ISLNK(found.st_mode)
            reason = "a symlink; it is not followed" if link else "not a regular file"
            self.ignored.append(Remark(path, reason))

    def _excuse(self, path: bytes, error: OSError) -> None:
        """Trouble, unless it merely vanished since it was listed."""
        if error.errno not in _VANISHED:
            self.trouble.append(Remark(path, f"cannot be read: {error.strerror}"))
