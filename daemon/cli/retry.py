"""``matted retry``: another try for photos that were given up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.photos import for_each, photo_of
from daemon.config import load
from daemon.config.settings import Settings
from daemon.errors import LedgerTrouble, SettingsError
from daemon.ledger import Entry, Ledger, State
from daemon.ledger.place import existing
from daemon.shelf import quarantine


def main(
    photos: Annotated[list[int] | None, typer.Argument(help="IDs, as status shows them.")] = None,
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
    *,
    every: Annotated[bool, typer.Option("--all", help="All photos in quarantine.")] = False,
) -> None:
    """Take photos out of quarantine; the daemon, now or when it runs again, begins anew."""
    if bool(photos) == every:
        raise SettingsError("retry", ("takes either IDs, as status shows them, or --all",))
    settings = load.load(config)
    with Ledger.open(existing(settings.state_dir)) as ledger:
        wanted = photos or [entry.photo.id for entry in _all_failed(ledger)]
        for_each(map(str, wanted), lambda one: _retry(ledger, settings, photo_of(ledger, one)))


def _all_failed(ledger: Ledger) -> tuple[Entry, ...]:
    return ledger.entries(State.FAILED, limit=ledger.counts()[State.FAILED])


def _why_not_retried(entry: Entry) -> str:
    """Where a photo is that is not in quarantine, and what can be done about it."""
    shown, photo_id = entry.photo.shown, entry.photo.id
    match entry.state:
        case State.FILED:
            return f"{shown} is filed, not in quarantine; `matted redo {photo_id}` files it anew"
        case State.GONE:
            return f"{shown} was deleted or replaced before it was filed; put it into its folder"
        case _:
            why = f": {entry.reason}" if entry.reason else ""
            return f"{shown} is not in quarantine but in the queue, {entry.state}{why}"


def _retry(ledger: Ledger, settings: Settings, entry: Entry) -> str:
    """Put one photo back into the queue; returns what is to be told of it.

    Raises:
        MattedError: that cannot be done.
    """
    if entry.state is not State.FAILED:
        raise LedgerTrouble(_why_not_retried(entry))
    results = {str(folder.watch): folder.results for folder in settings.folders}
    if entry.photo.folder not in results:
        raise LedgerTrouble(f"its folder {entry.photo.folder} is not watched any more")
    quarantine.release(results[entry.photo.folder], entry.photo)
    ledger.requeue(entry.photo.id, now_s=time.time())
    return f"{entry.photo.shown} will be tried again"
