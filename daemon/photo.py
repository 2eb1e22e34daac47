"""A photo as intake and ledger know it, Sighting -> Photo: a file that nobody has looked into."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date

from matting.picture.stroke import Stroke


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from the next, short of reading it.

    Attributes of the file alone (chmod, rename of a parent) do not change it.
    """

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Version:
        """Take the version from a stat result."""
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)

    def matches(self, other: Version) -> bool:
        """Whether both are the same state of the same file, whenever they were taken.

        Device numbers are left out: NFS, btrfs and overlay get new ones at every mount, and a
        photo that waited in the ledger over a reboot is still the same photo.
        """
        return (self.inode, self.size_bytes, self.mtime_ns) == (
            other.inode,
            other.size_bytes,
            other.mtime_ns,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look at one file: what the scan saw, and when."""

    folder: str
    """The watched folder's path as the settings give it, resolved."""
    path: bytes
    """Relative to the folder; bytes, because file names are."""
    version: Version
    seen_at_s: float
    """Monotonic clock."""

    @property
    def by_age(self) -> tuple[int, bytes]:
        """To sort by, oldest first. Dates may be wrong, but they only decide about the order."""
        return self.version.mtime_ns, self.path


@dataclass(frozen=True, slots=True)
class Touchup:
    """What somebody drew over a filed photo, for its matte to be mended there."""

    results: tuple[str, ...]
    """Absolute paths of what was filed, the matte among them; odd bytes are lone surrogates."""
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True)
class Redo:
    """How a photo that is filed is to be worked through again."""

    source: bytes
    """Absolute path of its original, wherever that is by now."""
    sha256: str
    """Of the content that was filed; another one is not this photo."""
    profile: str | None = None
    """None: the folder's own."""
    engine: str | None = None
    """None: the daemon's own."""
    touchup: Touchup | None = None
    """None: a matte is made anew."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One settled version of one file, as the ledger knows it."""

    id: int
    folder: str
    path: bytes
    version: Version
    attempts: int
    """Charged attempts, the present one included."""
    first_seen_s: float
    """Seconds since the epoch; of this version."""
    filed_on: date | None = None
    """Decided at the first attempt and kept by every retry."""
    names: tuple[bytes, ...] = ()
    """Names of the outputs relative to the result folder, reserved; in the profile's order."""
    tries: int = 0
    """Attempts in all, those included that were given back; for the backoff."""
    watched_s: float = 0.0
    """For how long this version was watched while it was not ready, as far as it was noted."""
    redo: Redo | None = None
    """While it is worked through again."""

    @property
    def shown(self) -> str:
        """The relative path for people: undecodable bytes and control characters escaped."""
        return show(self.path)


def show(path: bytes | str) -> str:
    """A path for logs and reports: always valid UTF-8, on one line."""
    raw = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in raw)
