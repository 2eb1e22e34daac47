"""What is the daemon's own: its state, and copies of other people's photos.

Nobody else may read it, whatever umask the daemon was started with; a umask is for what is made for
others.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from daemon.errors import MattedError

_DIRECTORY, _FILE = 0o700, 0o600


def make_directory(path: Path) -> None:
    """Make a directory for the daemon alone, if it is not there.

    One that is there keeps its rights, which somebody gave it; what is made in it is private yet.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(_DIRECTORY, parents=True, exist_ok=True)


def empty_directory(path: Path) -> Path:
    """Make a directory for the daemon alone, without what an earlier run left in it.

    Raises:
        MattedError: it cannot be made.
    """
    try:
        shutil.rmtree(path, ignore_errors=True)
        make_directory(path)
    except OSError as error:
        raise MattedError(f"{path} cannot be made: {error.strerror}") from error
    return path


def opener(path: str | bytes | os.PathLike[str], flags: int) -> int:
    """To be passed to ``open``: a file that is made is for the daemon alone, and so is an old one.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC, _FILE)
    if os.fstat(descriptor).st_mode & 0o077:  # an earlier version, or another umask, made it
        with contextlib.suppress(OSError):  # it belongs to somebody else, or there are no modes
            os.fchmod(descriptor, _FILE)
    return descriptor


def make_file(path: Path) -> None:
    """Make an empty file for the daemon alone; if it is there, only its rights are changed.

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE))
    except FileExistsError:
        # Not opened: to close a file drops all locks of this process on it, SQLite's too.
        if path.stat().st_mode & 0o077:
            with contextlib.suppress(OSError):
                path.chmod(_FILE)
