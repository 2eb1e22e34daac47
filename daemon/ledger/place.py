"""Where a daemon's ledger lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from daemon.errors import LedgerTrouble

NAME = "ledger.sqlite"
"""In the state directory."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a ledger was opened, and which file that was."""

    path: Path
    file: tuple[int, int] | None

    @classmethod
    def of(cls, path: Path) -> Self:
        """To be taken before the ledger is opened there."""
        return cls(path, _file(path))

    def demand_unchanged(self) -> None:
        """Make sure that who reads on there still reads the ledger.

        SQLite does not notice: it goes on with a file that was moved away, in which nobody writes
        any more.

        Raises:
            LedgerTrouble: it does not; to be opened anew.
        """
        if _file(self.path) != self.file:
            raise LedgerTrouble(f"the ledger {self.path} was moved away or exchanged")


def _file(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def existing(state_dir: Path) -> Path:
    """The ledger of a daemon that has run.

    Raises:
        LedgerTrouble: none has.
    """
    path = state_dir / NAME
    if not path.exists():
        raise LedgerTrouble(f"no daemon has run with the state directory {state_dir} yet")
    return path
