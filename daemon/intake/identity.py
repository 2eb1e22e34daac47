"""Is this still the folder that it was, or the bare mount point under an absent disk?

A share that is not mounted looks like an empty folder. Taken for one, every photo in it would seem
deleted, and results would land on the disk below, to vanish when the share comes back. So what a
folder was mounted from is remembered, over restarts too, and a folder that lies elsewhere now is
not used until it is back.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from daemon.errors import LedgerTrouble
from daemon.intake.mounts import Mount, mount
from daemon.machine import private
from matting.small_file import replace_file

_NAME = "mounts.json"


class Identities:
    """What each folder was mounted from when it was first used."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / _NAME
        self._known: dict[str, Mount] = _read(self._path)

    def trouble(self, folder: str) -> str | None:
        """Why a folder cannot be used at the moment, one line for people; None if it can.

        A folder that is asked about for the first time is remembered as it is.

        Raises:
            LedgerTrouble: it cannot be remembered.
        """
        try:
            found = mount(folder)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        known = self._known.get(folder)
        if known is None:
            self._known[folder] = found
            self._write()
            return None
        return difference(known, found)

    def may_make(self, folder: str) -> bool:
        """Whether a missing folder may be made: not if it lay on a share that is away now."""
        known = self._known.get(folder)
        return known is None or known.at == "/"

    def may_make_watched(self, folder: str) -> bool:
        """Whether a missing watched folder may be made, as far as is known: only on its first day.

        Later, an empty one would say of all the photos that were in it that they are deleted.
        """
        return folder not in self._known

    def _write(self) -> None:
        known = {path: asdict(one) for path, one in self._known.items()}
        try:
            replace_file(self._path, json.dumps(known).encode(), opener=private.opener)
        except OSError as error:
            raise LedgerTrouble(f"{self._path} cannot be written: {error.strerror}") from error


def difference(known: Mount, found: Mount) -> str | None:
    """What tells two mounts of one folder apart, one line for people; None if nothing does.

    Names of disks change from boot to boot, and device numbers with every mount, so neither counts.
    """
    if known.at != found.at and _contains(found.at, known.at):
        return f"nothing is mounted at {known.at}"
    disks = known.source.startswith("/dev/") and found.source.startswith("/dev/")
    if known.file_system != found.file_system or (known.source != found.source and not disks):
        was = f"{known.source} ({known.file_system})"
        return f"{found.source} ({found.file_system}) is mounted there instead of {was}"
    return None


def _contains(outer: str, inner: str) -> bool:
    return outer in ("/", inner) or inner.startswith(outer + "/")


def _read(path: Path) -> dict[str, Mount]:
    try:
        found = json.loads(path.read_text())
        return {folder: Mount(**facts) for folder, facts in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        # Lost or damaged: the folders are taken as they are now, as on the first day.
        return {}
