"""One error class per decision that ``policy`` takes; the facts are attributes.

All positional, so that they survive pickling on the way back from a photo process.
"""

from __future__ import annotations

from matting.errors import one_line


class MattedError(Exception):
    """Root of everything this program raises on purpose; ``str()`` is one line for people."""


class SettingsError(MattedError):
    """The configuration has faults; all of them are listed."""

    def __init__(self, source: str, faults: tuple[str, ...]) -> None:
        super().__init__(source, faults)
        self.source = source
        self.faults = faults

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return f"{self.source}: {self.faults[0]}"
        return "\n  ".join((f"{self.source}: {len(self.faults)} faults", *self.faults))


class CertificateTrouble(MattedError):
    """A machine's certificate is of no use; ``str()`` is one line that says why, and what to do."""


class Numbered(MattedError):
    """Trouble with files: ``reason`` is one line for people, ``errno`` the system's number or 0."""

    def __init__(self, reason: str, errno: int) -> None:
        Exception.__init__(self, reason, errno)  # which is what pickling wants in args
        self.reason = reason
        self.errno = errno

    def __str__(self) -> str:
        return self.reason


class PhotoError(MattedError):
    """Something about this one photo; ``reason`` is one line for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason  # and not the other facts, which pickling wants in args


class NotReady(PhotoError):
    """The file ends early: it may still be being written."""


class Changed(NotReady):
    """The file is another version by now: it says nothing about the one that is there."""


class Refused(PhotoError):
    """No attempt will ever succeed: quarantine at once."""


class NotAPhoto(Refused):
    """No decoder knows it, or it is a format we do not take."""


class TooManyPixels(Refused):
    """More pixels than the settings allow; refused before anything was allocated."""


class NotWritten(Refused):
    """An encoder refuses the result: it would refuse it again, whoever mattes the photo anew."""


class SourceTrouble(Numbered, PhotoError):
    """The file is busy, vanished or unreadable at the moment (EACCES, EBUSY, EIO, ESTALE)."""


class NoRoom(Numbered, PhotoError):
    """This photo needs more room than there is at the moment; others may fit: it waits alone."""


class EngineFailed(PhotoError):
    """The engine died or missed the deadline; ``engine_pid`` tells which one it was.

    Whether this photo was the one at work is for the host of the engine to say.
    """

    def __init__(self, reason: str, engine_pid: int) -> None:
        PhotoError.__init__(self, reason)
        self.args = (reason, engine_pid)
        self.engine_pid = engine_pid


class EngineStumbled(PhotoError):
    """The engine stumbled over this photo, but lives."""


class OutOfMemory(PhotoError):
    """The accelerator's memory did not suffice: once more at a smaller working size."""


class WorkerDied(PhotoError):
    """The photo process was killed, ran out of memory or out of time."""


class Interrupted(PhotoError):
    """The attempt was broken off through no fault of this photo."""


class ResultsTrouble(Numbered):
    """The results cannot be written (ENOSPC, EROFS, EACCES, EDQUOT).

    Everything pauses if that is so for the whole folder, which ``Disks.try_out`` finds out.
    """


class RootTrouble(ResultsTrouble):
    """A results folder, or the staging directory in it, could not be opened.

    That has to do with no name below it, even if a try finds it in order a moment later.
    """


class NameTrouble(Numbered, PhotoError):
    """A name or sub-folder below the results is of no use, and the results' disk is in order.

    Nobody raises it on the spot, where the one looks like the other: it takes a try of the disk.
    """


class NoEngine(MattedError):
    """No engine can be started as the settings demand."""


class ModelAbsent(NoEngine):
    """The model that the engine would run is not installed."""

    def __init__(self, reason: str, model: str) -> None:
        super().__init__(reason, model)
        self.reason = reason
        self.model = model

    def __str__(self) -> str:
        return self.reason


class NameTaken(MattedError):
    """Somebody else's file has one of the names: renumber the whole set. Nothing was published."""

    def __init__(self, name: bytes) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"already there: {self.name.decode('utf-8', 'backslashreplace')}"


class PlanBroken(PhotoError):
    """A staged output is neither in staging nor under its final name: redo the photo."""


class FolderGone(Numbered):
    """A watched folder is away, or is another one: pause it, and infer nothing as deleted."""


class LedgerTrouble(MattedError):
    """The ledger cannot be read or written (disk full, read-only, damaged): pause everything."""

    def __init__(self, told: str) -> None:
        """Say it in one line; SQLite quotes whole tables where one is damaged."""
        super().__init__(one_line(told))


class InUse(MattedError):
    """Another daemon is at work on the same state directory."""
