"""No two roots may overlap: results in a watched folder would be matted again, for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from daemon.settings import default_state_dir, located


class _Root(NamedTuple):
    at: tuple[str | int, ...]
    role: str
    path: Path


# Several folders may file into one results folder or archive: their names are reserved there.
_SHAREABLE = ("results", "archive")


def overlaps(data: Mapping[str, Any], base: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every pair of roots of which one lies in the other, symlinks resolved.

    Works on the raw data, so that overlaps are reported beside the other faults of a file.

    Args:
        data: the settings as read from YAML; parts of the wrong type are passed over.
        base: where relative paths start.
    """
    for one, other in combinations(_roots(data, base), 2):
        shared = one.path == other.path and one.role == other.role and one.role in _SHAREABLE
        if not shared and _nested(one.path, other.path):
            told = f"{_named(other)} overlaps with {_named(one)}: keep the folders apart"
            yield other.at, f"{told}, or results would be taken for new photos"


def _nested(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _named(root: _Root) -> str:
    return f"{root.role} {root.path}"


def _roots(data: Mapping[str, Any], base: Path) -> Iterator[_Root]:
    given = data.get("state_dir")
    state = located(Path(given), base) if isinstance(given, str) else default_state_dir().resolve()
    yield _Root(("state_dir",), "state_dir", state)
    folders = data.get("folders")
    for index, folder in enumerate(folders if isinstance(folders, list) else []):
        for role in ("watch", "results", "archive"):
            path = folder.get(role) if isinstance(folder, dict) else None
            if isinstance(path, str):
                yield _Root(("folders", index, role), role, located(Path(path), base))
