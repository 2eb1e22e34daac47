"""What Dask and Tornado log: nothing, but for a caller whose certificate is none of ours.

The rest is told in events of our own where it matters. Of a refused caller nobody else hears: the
line ends before Dask has a word with him, and a new workstation waits in vain.
"""

from __future__ import annotations

import logging
import re
import time

from daemon.log.events import Event, Log

_LISTENER = "distributed.comm.tcp"
_REFUSED = re.compile(r"handshake failed with remote '([^']*)': (.*)", re.DOTALL)
_SSL = re.compile(r"\[SSL: (\w+)\]")
_ONCE_IN_S = 10.0
"""Whoever tries again and again shall not fill the journal."""


def ssl_reason(said: str) -> str | None:
    """OpenSSL's own name for what is wrong; None if it is not about that."""
    found = _SSL.search(said)
    return found[1] if found else None


def quieten(log: Log) -> None:
    """Have them say no more than that."""
    for name in ("distributed", "tornado"):
        library = logging.getLogger(name)
        library.setLevel(logging.CRITICAL)
        library.propagate = False
    listener = logging.getLogger(_LISTENER)
    listener.setLevel(logging.WARNING)
    listener.propagate = False
    listener.handlers[:] = [_Refusals(log)]


class _Refusals(logging.Handler):
    """Makes an event of each refused caller, as long as there are not too many."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log
        self._next_s = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Of one line that Dask logged."""
        found = _REFUSED.search(record.getMessage())
        if found is None or time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + _ONCE_IN_S
        reason = ssl_reason(found[2]) or found[2][:200]
        self._log.warning(Event.CALLER_REFUSED, address=found[1], reason=reason)
