"""One daemon per state directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from daemon.errors import InUse, SettingsError
from daemon.machine import private
from matting.closing import Closing

_NAME = "lock"


class Lock(Closing):
    """An exclusive lock on a directory, held for a ``with`` block or until the end of the process.

    flock rather than a PID file: the kernel releases it with the process, however that ends.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            InUse: another process holds it.
            SettingsError: the directory cannot be made or written to.
        """
        try:
            private.make_directory(directory)
            # Private: whoever may open it could take the lock, and keep every daemon out.
            self._descriptor = private.opener(directory / _NAME, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            fault = f"cannot be used as state_dir: {error.strerror}"
            raise SettingsError(str(directory), (fault,)) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise InUse(
                f"another matted is at work with the state directory {directory}: stop that one, or"
                " give this settings file a state_dir of its own"
            ) from error

    def close(self) -> None:
        """Let another process have the directory."""
        os.close(self._descriptor)


def is_held(directory: Path) -> bool:
    """Whether a process holds the lock; it does so as long as it lives."""
    try:
        descriptor = os.open(directory / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
