"""Listings drawn as tables on a terminal, once or again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from daemon.cli.listing import Listing

_REFRESH_S = 1.0


def show(listings: Sequence[Listing]) -> None:
    """Draw them on standard output."""
    Console().print(Group(*map(_table, listings)))


def follow(ask: Callable[[], tuple[Sequence[str], Sequence[Listing]]]) -> NoReturn:
    """Show lines, the first of them in bold, and listings, always up to date, until Ctrl-C."""
    with Live(Group(*_parts(*ask())), console=Console()) as live:
        while True:
            time.sleep(_REFRESH_S)
            live.update(Group(*_parts(*ask())))


def _parts(lines: Sequence[str], listings: Sequence[Listing]) -> Iterator[Text | Table]:
    for number, line in enumerate(lines):
        yield Text(line, style="" if number else "bold")
    yield from map(_table, listings)


def _table(listing: Listing) -> Table:
    table = Table(
        title=listing.title, title_justify="left", title_style="", box=None, pad_edge=False
    )
    for number, column in enumerate(listing.columns):
        table.add_column(column, justify="left" if number else "right", overflow="fold")
    for row in listing.rows:
        table.add_row(*map(Text, row))
    return table
