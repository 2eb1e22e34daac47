"""Where a daemon's ledger lies."""

from __future__ import annotations

from pathlib import Path

from daemon.errors import LedgerTrouble

NAME = "ledger.sqlite"
"""In the state directory."""


def existing(state_dir: Path) -> Path:
    """The ledger of a daemon that has run.

    Raises:
        LedgerTrouble: none has.
    """
    path = state_dir / NAME
    if not path.exists():
        raise LedgerTrouble(f"no daemon has run with the state directory {state_dir} yet")
    return path
