"""Names below a root, reached through open directories and never through a link.

Others may write below a results folder, an archive or an inbox: what was a directory a moment ago
may be a link to anywhere now. The kernel walks a path anew with every call, so nothing that was
found out about a path holds; an open directory stays the one it is. So the root is opened once,
each component below it with ``O_NOFOLLOW``, and every call names one component in an open
directory. ``openat2(RESOLVE_BENEATH)`` would walk in one call, but Python does not offer it, and
old kernels and the filters of containers refuse it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.shelf import rights

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Opening a FIFO or a tape that somebody put there must not wait for it."""
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_NO_SUCH_DIRECTORY = (FileNotFoundError, NotADirectoryError)
"""What the kernel says of a component that is missing, a file, or a link."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in an open directory: what calls here take in place of a path."""

    directory: int
    name: bytes


@contextlib.contextmanager
def opened(root: Path | bytes) -> Iterator[int]:
    """A handle on a root.

    Links on the way to it were resolved when the settings were read, and are its owner's affair. If
    the root itself is a link by now, somebody has exchanged it, and it is not followed.
    """
    descriptor = os.open(root, _DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def directory(at: int, relative: bytes, *, make: bool = False) -> Iterator[int]:
    """A handle on a directory below an open one, which stays on it whatever is put there.

    Args:
        at: the open directory.
        relative: what is below it; empty for itself.
        make: whether what is missing is made, durably.

    Raises:
        NotADirectoryError: a component is a link or a file.
        FileNotFoundError: a component is missing.
    """
    with contextlib.ExitStack() as handles:
        for name in parts(relative):
            made = make and make_directory(at, name)
            inner = os.open(name, _DIRECTORY, dir_fd=at)
            handles.callback(os.close, inner)
            if made:
                rights.give(inner, rights.of(at))
            at = inner
        yield at


@contextlib.contextmanager
def spot(at: int, relative: bytes, *, make: bool = False) -> Iterator[Spot]:
    """The place of a name below an open directory; see ``directory``."""
    above, name = os.path.split(relative)
    with directory(at, above, make=make) as inside:
        yield Spot(inside, name)


def parts(relative: bytes) -> list[bytes]:
    """The components of a relative path."""
    names = [name for name in relative.split(b"/") if name]
    assert b".." not in names, "no name leads out of its root"
    return names


def make_directory(at: int, name: bytes, mode: int = 0o777) -> bool:
    """Make a directory in an open one, durably; it may be there. Returns whether it was not."""
    made = False
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, mode, dir_fd=at)
        made = True
    sync(at)  # even if it was there: who made it may have died before this line
    return made


def sync(directory: int) -> None:
    """Write an open directory's entries to disk, where the file system has such a thing."""
    try:
        os.fsync(directory)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def look(at: Spot) -> os.stat_result | None:
    """What bears a name, links not followed; None if nothing does."""
    try:
        return os.stat(at.name, dir_fd=at.directory, follow_symlinks=False)
    except FileNotFoundError:
        return None


def look_up(at: int, relative: bytes) -> os.stat_result | None:
    """The same for a name further below; None too where a directory on the way is none."""
    try:
        with spot(at, relative) as there:
            return look(there)
    except _NO_SUCH_DIRECTORY:
        return None


@contextlib.contextmanager
def regular(at: Spot) -> Iterator[int]:
    """A handle for reading a file that may be anybody's.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    descriptor = os.open(at.name, _FILE, dir_fd=at.directory)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENXIO, "not a regular file", at.name)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def fresh(at: Spot) -> Iterator[int]:
    """A handle for writing a file under a name of our own, in place of what an earlier run left."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(at.name, dir_fd=at.directory)
    descriptor = os.open(at.name, _NEW_FILE, 0o666, dir_fd=at.directory)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_writable(directory: int) -> bool:
    """Whether names can be made in an open directory, as far as rights tell."""
    # Not by effective_ids, which are the real ones here: that is a newer system call, and a filter
    # that does not know it would make every directory seem closed.
    return os.access(b".", os.W_OK | os.X_OK, dir_fd=directory)


def hindrance(at: int, directories: Sequence[bytes]) -> int | None:
    """The first of nested directories that is of no use: a link, a file, or closed to us.

    Args:
        at: an open directory that is of use.
        directories: each is, or would be, in the one before.

    Returns:
        Its index; None if all are of use, or can be made.
    """
    with contextlib.ExitStack() as handles:
        for index, name in enumerate(directories):
            try:
                inner = os.open(name, _DIRECTORY, dir_fd=at)
            except FileNotFoundError:
                return index - 1 if index and not is_writable(at) else None
            except OSError:
                return index
            handles.callback(os.close, inner)
            at = inner
        return len(directories) - 1 if directories and not is_writable(at) else None
