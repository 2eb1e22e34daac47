"""No two roots may overlap: results in a watched folder would be matted again, for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from daemon.config.locations import located
from daemon.config.settings import MOST_FOLDERS
from daemon.config.stations import MOST_STATIONS


class Root(NamedTuple):
    """A folder that the settings name."""

    at: tuple[str | int, ...]
    role: str
    path: Path
    lineage: tuple[object, ...]
    """What it and all directories above it are."""


# Several folders may file into one results folder or archive: their names are reserved there.
_SHAREABLE = ("results", "archive", "to of a station", "back of a station")


def overlaps(data: Mapping[str, Any], base: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every root that lies in another or holds one, symlinks resolved.

    Works on the raw data, so that overlaps are reported beside the other faults of a file.

    Args:
        data: the settings as read from YAML; parts of the wrong type are passed over.
        base: where relative paths start.
    """
    found = list(roots(data, base))
    for number, other in enumerate(found):
        # The first one it overlaps with will do: of a thousand alike, all pairs are too many.
        one = next((root for root in found[:number] if _overlap(root, other)), None)
        if one is not None:
            told = f"{_named(other)} overlaps with {_named(one)}: keep the folders apart"
            yield other.at, f"{told}, or results would be taken for new photos"


def _overlap(one: Root, other: Root) -> bool:
    """By the directories themselves: on a disk that folds case, each has many spellings."""
    if one.role == other.role and one.role in _SHAREABLE and one.lineage[0] == other.lineage[0]:
        return False
    return one.lineage[0] in other.lineage or other.lineage[0] in one.lineage


def _root(at: tuple[str | int, ...], role: str, path: Path) -> Root:
    return Root(at, role, path, tuple(map(_identity, (path, *path.parents))))


def _identity(path: Path) -> object:
    try:
        found = path.stat()
    except (OSError, ValueError):  # it is not there, so that only its spelling can tell
        return path
    return found.st_dev, found.st_ino


def _named(root: Root) -> str:
    return f"{root.role} {root.path}"


def roots(data: Mapping[str, Any], base: Path) -> Iterator[Root]:
    """All folders that raw settings name, as far as they can be read, resolved."""
    given = data.get("state_dir")
    if isinstance(given, str):
        with suppress(ValueError):
            yield _root(("state_dir",), "state_dir", located(Path(given), base))
    folders = data.get("folders")
    for index, folder in enumerate(folders[:MOST_FOLDERS] if isinstance(folders, list) else []):
        for role in ("watch", "results", "archive"):
            path = folder.get(role) if isinstance(folder, dict) else None
            if isinstance(path, str):
                with suppress(ValueError):  # no path at all, which is another fault
                    yield _root(("folders", index, role), role, located(Path(path), base))
        yield from _of_stations(index, folder, base)


def _of_stations(index: int, folder: Any, base: Path) -> Iterator[Root]:
    """Hot folders of stations: what is put there must not come back as a new photo."""
    stations = folder.get("handover") if isinstance(folder, dict) else None
    for number, one in enumerate(stations[:MOST_STATIONS] if isinstance(stations, list) else []):
        station = one.get("folder") if isinstance(one, dict) else None
        for role in ("to", "back"):
            path = station.get(role) if isinstance(station, dict) else None
            if isinstance(path, str):
                at = ("folders", index, "handover", number, "folder", role)
                with suppress(ValueError):
                    yield _root(at, f"{role} of a station", located(Path(path), base))
