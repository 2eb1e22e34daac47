"""Which files some program still has open for writing: such a file is not complete.

A copier that reserves a file's whole size first, and then stalls, leaves what looks complete. On a
local file system the kernel knows better: it grants a read lease only where there is no writer. It
does so to a file's owner and to who may lease any file; of other files, and on shares, whose
clients refuse leases for reasons of their own, what can be said is what /proc shows of the
programs that we may look into. What a share's server or another user's program has open stays
unseen.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from collections.abc import Collection, Iterator

_WRITING = os.O_WRONLY | os.O_RDWR


def open_for_writing(folder: str, paths: Collection[bytes], *, local: bool) -> frozenset[bytes]:
    """Which of these files, relative to a folder, are open for writing as far as can be told.

    Args:
        folder: the watched folder, without symlinks in its path.
        paths: of regular files.
        local: whether the folder lies on a file system of this machine.
    """
    root = os.fsencode(folder)
    told = {path: _leased(os.path.join(root, path)) if local else None for path in paths}
    found = {path for path, free in told.items() if free is False}
    untold = {path for path, free in told.items() if free is None}
    if untold:
        ours = set(_open_here(root))
        found |= {path for path in untold if os.path.join(root, path) in ours}
    return frozenset(found)


def _leased(path: bytes) -> bool | None:
    """Whether the kernel grants a read lease, so that nobody writes; None if it does not tell."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        # If it is opened now the kernel signals us; SIGIO, the default, would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return False if error.errno == errno.EAGAIN else None
    finally:
        os.close(descriptor)
    return True


def _open_here(root: bytes) -> Iterator[bytes]:
    """Files below a folder that processes we may look into have open for writing.

    Links in /proc are only read, never followed: a file on a share that is away would hang us.
    """
    inside = os.path.join(root, b"")
    for process in os.listdir(b"/proc"):
        if not process.isdigit():
            continue
        descriptors = os.path.join(b"/proc", process, b"fd")
        try:
            for name in os.listdir(descriptors):
                path = os.readlink(os.path.join(descriptors, name))
                if path.startswith(inside) and _writes(process, name):
                    yield path
        except OSError:  # gone, or not ours to look into
            continue


def _writes(process: bytes, descriptor: bytes) -> bool:
    with open(os.path.join(b"/proc", process, b"fdinfo", descriptor), "rb") as lines:
        flags = next(line.split()[1] for line in lines if line.startswith(b"flags:"))
    return bool(int(flags, 8) & _WRITING)
