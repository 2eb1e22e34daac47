"""What the daemon asks of a photo process, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from daemon.config.profiles import Profile
from daemon.config.reading import AS_ONE, Reading
from daemon.filed import Filed
from daemon.photo import Photo, Version
from daemon.plan import Plan


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where the engine listens, and how long to wait for it."""

    name: str
    socket: Path
    connect_s: float
    queue_s: float
    """Patience while other photos are being matted."""
    timeout_s: float
    """From the moment the engine begins with this photo."""
    people: Path | None = None
    """The network that finds people, for the steps before the engine; None: not installed."""
    finds: str = ""
    """What the engine calls that network, if it answers whom it finds: asked about a picture that a
    step has searched, it would search it again. Empty: it answers something of its own."""
    install_people: str = ""
    """What to type where it is not; this installation's own command."""


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one photo."""

    photo: Photo
    source: bytes
    """Absolute path of the watched file; of one that is redone, of its original."""
    results: Path
    """The result folder."""
    staging: bytes
    """An empty directory in it."""
    snapshot: bytes
    """Where the private copy goes."""
    profile: Profile
    engine: EngineAddress
    max_pixels: int
    known: frozenset[str] = frozenset()
    """SHA-256 of contents that are not to be filed again: of this file's versions, and, where
    duplicates are skipped, of the folder's files of this size."""
    min_free_bytes: int = 0
    """Room that must be left on the results' disk."""
    waited: bool = False
    """Whether it was watched unchanged for so long that what is doubtful is taken as it is."""
    refiner: EngineAddress | None = None
    """Where the network listens that the profile names as its refiner."""
    version: Version | None = None
    """That the file has to be of; None: the photo's. In an archive it may have another inode."""
    reading: Reading = AS_ONE


@dataclass(frozen=True, slots=True)
class Staged:
    """All outputs lie complete and durable in the staging directory."""

    plan: Plan
    """Of a file that held another number of photos than names were reserved for, without names
    yet: its moves end where they begin."""
    filed: Filed


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The content was filed before: only the file's date or inode is new."""

    sha256: str


Outcome = Staged | Unchanged
