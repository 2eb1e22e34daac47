"""One daemon per watched folder, whatever its state directory."""

from __future__ import annotations

import hashlib
import os
import socket
from types import TracebackType
from typing import Self

from daemon.errors import InUse


class Claim:
    """Says to other daemons on this machine that a folder is watched.

    An abstract Unix socket: the kernel drops it with the process, it needs no right to write
    anywhere, and, unlike a lock on the folder itself, it keeps nobody from unmounting a share.
    """

    def __init__(self, folder: str) -> None:
        """Claim a folder.

        Raises:
            InUse: another daemon watches it.
        """
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.bind(f"\0matted/{name}")
        except OSError as error:
            self._socket.close()
            raise InUse(f"another matted watches {folder}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let others watch it."""
        self._socket.close()
