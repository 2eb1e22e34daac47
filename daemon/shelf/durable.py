"""File operations that survive a power cut, and none that overwrites. All on bytes paths."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
from collections.abc import Iterator

from daemon.errors import Refused, ResultsTrouble
from daemon.photo import show

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_NO_SUCH_FLAG = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
_NO_LINKS = (errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP)
_NO_DIRECTORY_SYNC = (errno.EINVAL, errno.ENOTSUP)
_BAD_NAME = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)

_renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
_renameat2.argtypes = (
    ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
)  # fmt: skip


class NoSafeRename(OSError):
    """The file system can neither rename without replacing nor make hard links."""


def rename(source: bytes, target: bytes) -> None:
    """Rename without replacing; either name is complete at all times.

    NFS and some FUSE file systems do not know ``RENAME_NOREPLACE``; there a hard link is made and
    the old name removed, which may leave both names, of one file, after a crash. The third way, an
    empty placeholder made with ``O_EXCL`` and then renamed over, was not taken: a crash would leave
    an empty file under a final name.

    Raises:
        FileExistsError: the target exists.
        NoSafeRename: there is no way to do it here.
        OSError: anything else.
    """
    if _renameat2(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number not in _NO_SUCH_FLAG:
        raise OSError(number, os.strerror(number), source, None, target)
    _link_and_unlink(source, target)


def _link_and_unlink(source: bytes, target: bytes) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        one, other = os.lstat(source), os.lstat(target)
        if not os.path.samestat(one, other) or one.st_nlink < 2:
            raise
        # The last attempt was killed between the two calls.
    except OSError as error:
        if error.errno in _NO_LINKS:
            reason = "this file system cannot rename without replacing"
            raise NoSafeRename(errno.ENOTSUP, reason, target) from error
        raise
    os.unlink(source)


def sync_file(path: bytes) -> None:
    """Write a file's content and size to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: bytes) -> None:
    """Write a directory's entries to disk, where the file system has such a thing."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise
    finally:
        os.close(descriptor)


def make_directories(root: bytes, relative: bytes) -> bytes:
    """Make a directory below an existing root, durably, and all between.

    The root itself is never made: if it is a mount point whose disk is away, results would land
    on the disk below.

    Returns:
        The directory's path.
    """
    at = root
    for name in filter(None, relative.split(b"/")):
        parent, at = at, os.path.join(at, name)
        with contextlib.suppress(FileExistsError):
            os.mkdir(at)
        sync_directory(parent)  # even if it was there: who made it may have died before this line
    return at


def write_new(path: bytes, content: bytes) -> None:
    """Write a small file durably under a name that nobody sees yet; replaced if it is there."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sha256(path: bytes) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def results_trouble(what: str) -> Iterator[None]:
    """Tell what ails the result folder from what ails one photo's names.

    Raises:
        ResultsTrouble: the folder is full, read-only, away, or otherwise of no use at the moment.
        Refused: the file system does not take such a name, nor will it ever.
    """
    try:
        yield
    except OSError as error:
        name = show(error.filename2 or error.filename or b"")
        reason = f"{what}: {error.strerror or error}" + (f" ({name})" if name else "")
        if error.errno in _BAD_NAME:
            raise Refused(reason) from error
        raise ResultsTrouble(reason, error.errno or errno.EIO) from error
