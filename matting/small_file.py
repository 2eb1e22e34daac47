"""One small file, replaced as a whole: whoever reads it sees the old one or the new.

Also after a power cut. Files among other people's, where every directory on the way may be
exchanged, are written through open directories instead (daemon/shelf). Runs on Python 3.7 too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

SUFFIX = ".new"
"""Of what is being written, in the same directory; its name begins with a dot."""


def sync(path: Any) -> None:
    """Write a file's content, or a directory's entries, to disk.

    Raises:
        OSError: it cannot be.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(
    path: Any, content: bytes, opener: Callable[[str, int], int] | None = None
) -> None:
    """Write a file in place of the one that was there.

    Args:
        path: str or Path.
        content: all of it.
        opener: as that of ``open``, for a file with rights of its own.

    Raises:
        OSError: it cannot be written; the old one is as it was, and nothing of the new one stays.
    """
    directory, name = os.path.split(os.fspath(path))
    # With the process's number: two that write the same file do not write into each other's.
    fresh = os.path.join(directory, f".{name}.{os.getpid()}{SUFFIX}")
    try:
        with open(fresh, "wb", opener=opener) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, os.fspath(path))
    except BaseException:
        if os.path.lexists(fresh):
            os.unlink(fresh)
        raise
