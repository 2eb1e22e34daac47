"""The file that says who watches a folder: a mark in the folder itself, or in the results.

Others may write there, so nothing is followed, waited for, or read without end.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass

NAME = ".watched-by-matted"
"""Hidden, so that no scan takes it in."""
_LARGEST_BYTES = 1 << 12
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_RENEW = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOR_ALL_TO_READ = 0o644


@dataclass(frozen=True, slots=True)
class Mark:
    """One place for it. Nothing is held open: that would keep a share from being unmounted."""

    directory: str
    name: str

    @property
    def path(self) -> str:
        """For people."""
        return os.path.join(self.directory, self.name)

    def read(self) -> bytes | None:
        """What stands there; None if there is nothing.

        Raises:
            OSError: it cannot be read, or is no regular file.
        """
        with contextlib.suppress(FileNotFoundError), _opened(self.path, _READ) as descriptor:
            return os.read(descriptor, _LARGEST_BYTES)
        return None

    def make(self, content: bytes) -> bool:
        """Write it, if there is none; returns whether it is ours.

        Raises:
            OSError: it cannot be made.
        """
        try:
            descriptor = os.open(self.path, _MAKE, _FOR_ALL_TO_READ)
        except FileExistsError:
            return False
        try:
            with contextlib.suppress(OSError):  # whatever the umask: others have to read it
                os.fchmod(descriptor, _FOR_ALL_TO_READ)
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
        return True

    def renew(self, content: bytes) -> bool:
        """Write it over itself, which needs no room; returns whether it was there.

        Raises:
            OSError: it cannot be written.
        """
        with contextlib.suppress(FileNotFoundError), _opened(self.path, _RENEW) as descriptor:
            os.write(descriptor, content)
            return True
        return False

    def remove(self) -> None:
        """Take it away.

        Raises:
            OSError: it cannot be.
        """
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def displace(self, content: bytes) -> bool:
        """Take away another's that says exactly this; returns whether the place is free.

        By a name of its own first: of two who want to, one gets it, and sees whether it is still
        what both have seen, or already the other's new one, which is put back.

        Raises:
            OSError: it cannot be.
        """
        aside = f"{self.path}-{secrets.token_hex(8)}"
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:
            return True
        moved = Mark(self.directory, os.path.basename(aside))
        try:
            if moved.read() == content:
                return True
            with contextlib.suppress(OSError):  # its owner may have made it anew
                os.link(aside, self.path, follow_symlinks=False)
            return False
        finally:
            moved.remove()


def marks(folder: str, results: str) -> tuple[Mark, ...]:
    """Where claims on a folder may lie, in the order in which they are tried."""
    found = [Mark(folder, NAME)]
    with contextlib.suppress(OSError):
        # By what is the same for everybody who has mounted it: number and last name of the folder.
        told = f"{os.stat(folder).st_ino}:{os.path.basename(os.path.realpath(folder))}"
        key = hashlib.sha256(os.fsencode(told)).hexdigest()[:12]
        found.append(Mark(results, f"{NAME}-{key}"))
    return tuple(found)


@contextlib.contextmanager
def _opened(path: str, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENXIO, "not a regular file", path)
        yield descriptor
    finally:
        os.close(descriptor)
