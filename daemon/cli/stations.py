"""``matted stations``: hand results to the next stations, and file what they answer."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import load
from daemon.errors import LedgerTrouble, SettingsError
from daemon.ledger.place import existing
from daemon.log import events
from daemon.machine.lock import Lock
from daemon.machine.wakeup import WakeUp
from daemon.stations.book import Book
from daemon.stations.standing import BOOK, LOCK


def main(
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
    *,
    again: Annotated[
        bool,
        typer.Option("--again", help="Have photos that were given up asked about anew; no more."),
    ] = False,
) -> None:
    """Hand results to the stations of `handover:`; beside the daemon, until Ctrl-C."""
    if again:
        _ask_again(config)
        return
    from daemon.stations.running import Stations  # noqa: PLC0415 - what asks others takes time to load

    settings = load.load(config)
    if not any(folder.handover for folder in settings.folders):
        raise SettingsError(str(config), ("handover: no folder names a station",))
    path = existing(settings.state_dir)
    stopping = WakeUp()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with Lock(settings.state_dir / LOCK):
        running = Stations(settings, path, events.set_up())
        running.start()
        stopping.wait()
        running.stop()


def _ask_again(config: Path) -> None:
    """Whether `matted stations` runs or not: it finds them when it looks the next time."""
    state_dir = load.load(config).state_dir
    if not (state_dir / BOOK).exists():
        raise LedgerTrouble(f"nothing was handed over yet with the state directory {state_dir}")
    with Book(state_dir / BOOK) as book:
        count = book.again(time.time())
    typer.echo(f"{count} given up before will be asked about again")
