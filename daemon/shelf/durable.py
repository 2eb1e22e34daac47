"""File operations that survive a power cut, and none that overwrites. All on bytes paths."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import signal
from collections.abc import Iterator

from daemon.errors import Refused, ResultsTrouble
from daemon.photo import show

_AT_FDCWD = -100
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
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
    if number not in (*_NO_SUCH_FLAG, errno.EEXIST):  # it may exist because we linked it there
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


def is_open_for_writing(path: bytes) -> bool:
    """Whether any program has a file open for writing; False where none can tell.

    The kernel grants a read lease only if there is no writer. It does so to a file's owner and to
    who may lease any file, on local file systems.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # Who opens it in this moment has us told; SIGIO, the default, would end the process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def sync_file(path: bytes) -> None:
    """Write a file's content and size to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: bytes) -> None:
    """Write a directory's entries to disk, where the file system has such a thing."""
    with directory(path) as descriptor:
        _sync(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise


def make_directories(root: bytes, relative: bytes, *, beside: bytes | None = None) -> bytes:
    """Make a directory below an existing root, durably, and all between.

    The root itself is never made: if it is a mount point whose disk is away, results would land
    on the disk below.

    Args:
        root: an existing directory.
        relative: what to make below it.
        beside: a name that has to be in the root. It is looked for in the very directory that is
            written to, so that a disk that goes away at this moment leaves nothing below it.

    Returns:
        The directory's path.

    Raises:
        FileNotFoundError: the root is not there, or ``beside`` is not in it.
    """
    names = [name for name in relative.split(b"/") if name]
    with contextlib.ExitStack() as opened:
        at = opened.enter_context(directory(root))
        if beside is not None:
            os.stat(beside, dir_fd=at)
        for name in names:
            make_directory(at, name)
            at = opened.enter_context(directory(name, within=at))
    return os.path.join(root, *names)


@contextlib.contextmanager
def directory(path: bytes, *, within: int | None = None) -> Iterator[int]:
    """A handle on a directory, which stays on it whatever is mounted or unmounted there."""
    descriptor = os.open(path, _DIRECTORY, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make_directory(at: int, name: bytes) -> None:
    """Make a directory in an open one, durably; it may be there."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=at)
    _sync(at)  # even if it was there: who made it may have died before this line


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
