"""How a watched folder is, for people and programs that ask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FolderNews:
    """One watched folder, as the daemon sees it."""

    paused: str | None
    """Why nothing can be seen there at the moment."""
    file_system: str
    events: bool
    """Whether the file system tells about changes; else only scans find photos."""
    settling: int
    """Files that are there but not complete yet."""
    missed: int = 0
    """Photos so far that a scan alone found, though events should have announced them."""
