"""Traces of a ledger that is gone: it knows what was filed, and without it all is new again."""

from __future__ import annotations

import os
from pathlib import Path

from daemon.config.settings import Settings
from daemon.errors import LedgerTrouble
from daemon.ledger import Ledger
from daemon.ledger.place import NAME
from daemon.log.events import Event, Log
from daemon.shelf.roots import STAGING

_COMPANIONS = ("mounts.json", "status.json")
"""What a daemon writes beside its ledger, and never before it."""


def open_ledger(settings: Settings, log: Log) -> Ledger:
    """Open the ledger, or make it; that one was lost is never passed over in silence.

    Raises:
        LedgerTrouble: it cannot be opened, or it is gone from beside its companions.
    """
    path = settings.state_dir / NAME
    if path.exists():
        return Ledger.open(path)
    if left := companions(settings.state_dir):
        raise LedgerTrouble(
            f"the ledger {path} is lost: {left[0].name} beside it says that there was one. Put"
            f" it back; or remove {left[0].parent} to begin anew, and photos that are still in"
            " the watched folders are filed again"
        )
    for results in dict.fromkeys(folder.results for folder in settings.folders):
        if filed_before(results):
            log.warning(Event.LEDGER_NEW, ledger=path, results=results)
    return Ledger.open(path)


def companions(state_dir: Path) -> tuple[Path, ...]:
    """What lies in a state directory that had a ledger once."""
    return tuple(path for name in _COMPANIONS if (path := state_dir / name).exists())


def filed_before(results: Path) -> bool:
    """Whether some daemon has filed there: it leaves its staging directory, empty."""
    return os.path.isdir(os.path.join(os.fsencode(results), STAGING))
