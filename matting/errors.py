"""What can go wrong between a client and an engine process.

Runs on Python 3.7 too.
"""

from __future__ import annotations


def one_line(told: object, longest: int = 500) -> str:
    """What somebody else's library said, on one line, with nothing in it that a terminal obeys."""
    text = " ".join(str(getattr(told, "message", told)).split())
    return "".join(c if c.isprintable() else "?" for c in text)[:longest]


class EngineError(Exception):
    """Root of all engine trouble; ``str()`` is one line for people."""


class EngineUnavailable(EngineError):
    """The engine cannot be started or reached as demanded."""


class EngineLost(EngineError):
    """The engine process went away, hung or talked nonsense while a request was in flight."""

    def __init__(self, reason: str, pid: int) -> None:
        super().__init__(reason, pid)
        self.reason = reason
        self.pid = pid

    def __str__(self) -> str:
        return self.reason


class EngineOutOfMemory(EngineError):
    """The accelerator's memory did not suffice for this picture at this size."""


class RequestRefused(EngineError):
    """The engine is well but could not matte this picture."""


class EngineFaulted(RequestRefused):
    """The engine raised what it did not expect; another attempt may work, in a fresh process."""


class WireError(EngineError):
    """What came over the socket is not a frame of ours; the connection is of no further use."""


class PeerClosed(WireError):
    """The other end closed the connection, between two frames or within one."""


class WireTimeout(WireError):
    """The other end neither sent nor took anything in time."""
