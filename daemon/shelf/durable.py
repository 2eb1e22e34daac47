"""File operations that survive a power cut, and none that overwrites.

All on names in open directories, as ``below`` hands them out.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import shutil
import signal
from collections.abc import Iterator

from daemon.errors import ResultsTrouble, RootTrouble
from daemon.photo import show
from daemon.shelf.below import Spot, fresh, regular
from daemon.shelf.rights import Rights, give

_RENAME_NOREPLACE = 1
_NO_SUCH_FLAG = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
_NO_LINKS = (errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP)
_CHUNK_BYTES = 1 << 20

_renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
_renameat2.argtypes = (
    ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
)  # fmt: skip


class RootClosed(OSError):
    """A root, or its staging directory, could not be opened."""


class NoSafeRename(OSError):
    """The file system can neither rename without replacing nor make hard links."""


def rename(source: Spot, target: Spot) -> None:
    """Rename without replacing; either name is complete at all times.

    NFS and some FUSE file systems do not know ``RENAME_NOREPLACE``; there a hard link is made and
    the old name removed, which may leave both names, of one file, after a crash. The third way, an
    empty placeholder made with ``O_EXCL`` and then renamed over, was not taken: a crash would leave
    an empty file under a final name.

    Raises:
        FileExistsError: the target exists.
        NoSafeRename: there is no way to do it here, or not with this name.
        OSError: anything else.
    """
    names = (source.directory, source.name, target.directory, target.name)
    if _renameat2(*names, _RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number not in (*_NO_SUCH_FLAG, errno.EEXIST):  # it may exist because we linked it there
        raise OSError(number, os.strerror(number), source.name, None, target.name)
    _link_and_unlink(source, target)


def _link_and_unlink(source: Spot, target: Spot) -> None:
    try:
        os.link(
            source.name,
            target.name,
            src_dir_fd=source.directory,
            dst_dir_fd=target.directory,
            follow_symlinks=False,
        )
    except FileExistsError:
        one, other = (
            os.stat(at.name, dir_fd=at.directory, follow_symlinks=False) for at in (source, target)
        )
        if not os.path.samestat(one, other) or one.st_nlink < 2:
            raise
        # The last attempt was killed between the two calls.
    except OSError as error:
        if error.errno in _NO_LINKS:
            reason = "this file system cannot rename without replacing"
            raise NoSafeRename(errno.ENOTSUP, reason, target.name) from error
        raise
    unlink(source)


def unlink(at: Spot) -> None:
    """Remove a name; of a link, the link."""
    os.unlink(at.name, dir_fd=at.directory)


def is_open_for_writing(at: Spot) -> bool:
    """Whether any program has a file open for writing; False where none can tell.

    The kernel grants a read lease only if there is no writer. It does so to a file's owner and to
    who may lease any file, on local file systems.
    """
    try:
        with regular(at) as descriptor:
            # If it is opened now the kernel signals us; SIGIO, the default, would end us.
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def write_new(at: Spot, content: bytes, given: Rights | None = None) -> None:
    """Write a small file durably under a name that nobody sees yet; replaced if it is there.

    Args:
        at: where.
        content: all of it.
        given: of the folder that it is for.
    """
    with fresh(at) as descriptor, open(descriptor, "wb", closefd=False) as file:
        if given is not None:
            give(descriptor, given)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def copy_new(source: Spot, target: Spot) -> None:
    """Copy a file with its dates, durably, to a name that nobody sees yet."""
    with regular(source) as old, fresh(target) as new:
        # By the handles' own names, since shutil takes paths only.
        shutil.copy2(f"/proc/self/fd/{old}", f"/proc/self/fd/{new}")
        os.fsync(new)


def sync_file(at: Spot) -> tuple[int, str]:
    """Write a file's content and size to disk; returns its size in bytes and its SHA-256."""
    with regular(at) as descriptor:
        os.fsync(descriptor)
        size_bytes = os.fstat(descriptor).st_size
        return size_bytes, _digest(descriptor, size_bytes)


def sha256(at: Spot) -> str:
    """SHA-256 of a file's content, in hexadecimal.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with regular(at) as descriptor:
        return _digest(descriptor, os.fstat(descriptor).st_size)


def _digest(descriptor: int, size_bytes: int) -> str:
    """No further than the size it has now: somebody may go on writing for as long as we read."""
    digest = hashlib.sha256()
    while size_bytes > 0 and (chunk := os.read(descriptor, min(size_bytes, _CHUNK_BYTES))):
        digest.update(chunk)
        size_bytes -= len(chunk)
    return digest.hexdigest()


@contextlib.contextmanager
def results_trouble(what: str) -> Iterator[None]:
    """Say of what failed below a root what it was to be.

    Whether the root is of no use or only a name below it cannot be told from the error: the same
    ``EACCES`` comes from both. That is for ``Disks.try_out`` to find out.

    Raises:
        RootTrouble: the root itself could not be opened.
        ResultsTrouble: anything else, with the true errno.
    """
    try:
        yield
    except OSError as error:
        name = show(error.filename2 or error.filename or b"")
        reason = f"{what}: {error.strerror or error}" + (f" ({name})" if name else "")
        kind = RootTrouble if isinstance(error, RootClosed) else ResultsTrouble
        raise kind(reason, error.errno or errno.EIO) from error
