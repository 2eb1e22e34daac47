"""The photos that engines are tried on."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import FolderGone, MattedError
from daemon.intake.ignore import Rule
from daemon.intake.scan import scan
from daemon.photo import Sighting, Version, show


@dataclass(frozen=True, slots=True)
class Subject:
    """One photo, and its reference if there is one."""

    number: int
    """Counted from 1."""
    shown: str
    """As it was given; for one in a given folder, its path below that."""
    sighting: Sighting
    reference: Path | None

    @property
    def source(self) -> bytes:
        """Absolute path."""
        return _place(self.sighting)


def find(given: Iterable[str]) -> list[tuple[str, Sighting]]:
    """The photos in files and folders (with all below them), each once, as they are to be called.

    Raises:
        MattedError: one of them cannot be read, or there is no photo at all.
    """
    found: dict[bytes, tuple[str, Sighting]] = {}
    for one in given:
        for shown, sighting in _below(one) if os.path.isdir(one) else (_file(one),):
            found.setdefault(_place(sighting), (shown, sighting))
    if not found:
        raise MattedError("there are no photos in " + ", ".join(map(show, given)))
    return list(found.values())


def paired(
    photos: Iterable[tuple[str, Sighting]], references: Mapping[str, Path]
) -> tuple[Subject, ...]:
    """Photos with the references of the same stem."""
    return tuple(
        Subject(number, shown, sighting, references.get(stem(sighting)))
        for number, (shown, sighting) in enumerate(photos, 1)
    )


def stem(sighting: Sighting) -> str:
    """The photo's name without folders and extension."""
    return Path(os.fsdecode(sighting.path)).stem


def _place(sighting: Sighting) -> bytes:
    return os.path.join(os.fsencode(sighting.folder), sighting.path)


def _below(folder: str) -> Iterator[tuple[str, Sighting]]:
    try:
        found = scan(str(Path(folder).resolve()), recursive=True, rule=Rule())
    except FolderGone as error:
        raise MattedError(f"{show(folder)}: {error}") from error
    for sighting in found.sightings:
        yield show(sighting.path), sighting


def _file(given: str) -> tuple[str, Sighting]:
    try:
        target = Path(given).resolve(strict=True)
        status = target.stat()
    except (OSError, ValueError) as error:  # a path that has a zero byte is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise MattedError(f"{show(given)} cannot be read: {reason}") from error
    if not given or not stat.S_ISREG(status.st_mode):
        raise MattedError(f"{show(given)!r} is no photo and no folder")
    version = Version.of(status)
    sighting = Sighting(str(target.parent), os.fsencode(target.name), version, time.monotonic())
    return show(target.name), sighting
