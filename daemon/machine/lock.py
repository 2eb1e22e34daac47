"""One daemon per state directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from daemon.errors import InUse, SettingsError
from daemon.machine import private


class Lock:
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
            self._descriptor = private.opener(directory / "lock", os.O_RDWR | os.O_CREAT)
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)
