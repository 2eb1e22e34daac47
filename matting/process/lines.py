"""Lines from a descriptor that somebody else selects on."""

from __future__ import annotations

import os
import selectors

MAX_LINE_BYTES = 64 * 1024
"""A longer line is cut into several; a babbler without newlines must not fill the memory."""


class Lines:
    """Complete lines; a last unfinished one comes when the descriptor closes."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        self._rest = b""

    def read(self) -> list[str]:
        """The lines that one read completes; call when the descriptor is readable."""
        data = os.read(self.fd, 65536)
        self.closed = not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._rest and (self.closed or len(self._rest) > MAX_LINE_BYTES):
            lines.append(self._rest)
            self._rest = b""
        return [_printable(line) for line in lines if line.strip()]

    def ready(self) -> bool:
        """Whether a read would return at once."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.fd, selectors.EVENT_READ)
            return bool(selector.select(0))


def _printable(line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace").rstrip()
    return "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in text)
