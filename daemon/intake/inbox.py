"""A watched folder that is not there: absent with its share, or yet to be made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from daemon.config.settings import Folder
from daemon.intake.mounts import unescaped

FSTAB = Path("/etc/fstab")


def hindrance(watch: Path, marker: str | None = None, *, fstab: Path = FSTAB) -> str | None:
    """Why a watched folder that is not there is not made; None if it can be.

    A share that is not mounted is a folder that is not there as well. To make one in its place
    would be to watch the bare mount point.

    Args:
        watch: the folder.
        marker: the file by which the settings know it; then it comes from elsewhere.
        fstab: what is mounted where, whether it is at present or not.
    """
    parent = watch.parent
    if marker is not None:
        return f"it is known by its {marker}, so it is not made"
    if not parent.is_dir():
        return f"{parent} is not there either"
    for at in _mount_points(fstab):
        if watch.is_relative_to(at) and not os.path.ismount(at):
            return f"nothing is mounted at {at}"
    try:
        empty = not any(parent.iterdir())
    except OSError as error:
        return f"{parent} cannot be read: {error.strerror}"
    if empty:  # as mount points are while nothing is mounted there
        return f"{parent} is empty, as if something were to be mounted there"
    return None


def without_marker(folder: Folder) -> str | None:
    """Why a folder is taken for an absent share, where the settings name a file for that."""
    marker = folder.marker
    if marker is not None and not os.path.lexists(os.path.join(folder.watch, marker)):
        return f"its marker {marker} is not there"
    return None


def make(watch: Path) -> bool:
    """Make a folder; returns whether it could be.

    Where it cannot, nothing is lost: a folder that is not there is waited for.
    """
    try:
        watch.mkdir()
    except OSError:
        return False
    return True


def _mount_points(fstab: Path) -> Iterator[Path]:
    """Where something is to be mounted, by the system's table; the root is mounted always."""
    try:
        lines = fstab.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        entries = line.split()
        if len(entries) > 1 and not line.lstrip().startswith("#") and entries[1].startswith("/"):
            yield Path(unescaped(entries[1]))
