"""Traces of a ledger that is gone: it knows what was filed, and without it all is new again."""

from __future__ import annotations

import os
from pathlib import Path

from daemon.shelf.roots import STAGING

_COMPANIONS = ("mounts.json", "status.json")
"""What a daemon writes beside its ledger, and never before it."""


def companions(state_dir: Path) -> tuple[Path, ...]:
    """What lies in a state directory that had a ledger once."""
    return tuple(path for name in _COMPANIONS if (path := state_dir / name).exists())


def filed_before(results: Path) -> bool:
    """Whether some daemon has filed there: it leaves its staging directory, empty."""
    return os.path.isdir(os.path.join(os.fsencode(results), STAGING))
