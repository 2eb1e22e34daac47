"""Which photo is meant: by its number, or by a file."""

from __future__ import annotations

from pathlib import Path

from daemon.errors import LedgerTrouble
from daemon.ledger import Entry, Ledger


def photo_of(ledger: Ledger, name: str) -> Entry:
    """The photo of an ID, or whose original or result a file is; of several, the latest.

    Args:
        ledger: that knows it.
        name: digits, or a path, which need not exist any more.

    Raises:
        LedgerTrouble: there is none.
    """
    if name.isascii() and name.isdecimal():
        entry = ledger.entry(int(name)) if len(name) < 19 else None
        if entry is None:
            raise LedgerTrouble("there is no photo of this number; status shows the numbers")
        return entry
    for photo_id in ledger.called(Path(name).absolute()):
        if (entry := ledger.entry(photo_id)) is not None:
            return entry
    raise LedgerTrouble("is neither a photo's number nor an original or a result of any")
