"""``matted redo``: work filed photos through again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.photos import for_each, photo_of
from daemon.config import load
from daemon.config.settings import Settings
from daemon.ledger import Entry, Ledger
from daemon.ledger.place import existing
from daemon.redoing import Wish, demand, redo


def main(
    photos: Annotated[
        list[str], typer.Argument(help="IDs, as status shows them, or files: originals or results.")
    ],
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
    profile: Annotated[
        str | None, typer.Option(help="Treat them as this profile says; else as their folder does.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="Have this engine make the mattes; else the daemon's own.")
    ] = None,
) -> None:
    """Work photos that are filed through again; the new results lie beside the old ones.

    The daemon does it, now or when it runs again. Nothing is overwritten, and originals stay where
    they are: in the watched folder, or in the archive.
    """
    settings = load.load(config)
    wish = Wish(profile, engine)
    demand(settings, wish)
    with Ledger.open(existing(settings.state_dir)) as ledger:
        for_each(photos, lambda one: _redo(ledger, settings, photo_of(ledger, one), wish))


def _redo(ledger: Ledger, settings: Settings, entry: Entry, wish: Wish) -> str:
    """Put one photo into the queue again; returns what is to be told of it."""
    redo(ledger, settings, entry, wish, who="matted redo")
    return f"{entry.photo.shown} will be redone"
