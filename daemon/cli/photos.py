"""Photos that a command is about: each is named, and each has its own line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import typer

from daemon.cli.words import advice
from daemon.errors import LedgerTrouble, MattedError
from daemon.ledger import Entry, Ledger


def for_each(names: Iterable[str], act: Callable[[str], str]) -> None:
    """Do something about each photo, and tell what came of it; one that fails stops no other.

    Args:
        names: as people typed them.
        act: returns what is to be told.

    Raises:
        typer.Exit: with 1, at the end, if any failed.
    """
    failed = False
    for name in names:
        try:
            typer.echo(f"photo {name}: {act(name)}")
        except MattedError as error:
            failed = True
            typer.echo(f"matted: photo {name}: {advice(str(error))}", err=True)
    if failed:
        raise typer.Exit(1)


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
