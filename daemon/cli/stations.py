"""``matted stations``: hand results to the next stations, and file what they answer."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import load
from daemon.errors import SettingsError
from daemon.ledger.place import existing
from daemon.log import events
from daemon.machine.lock import Lock


def main(
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
) -> None:
    """Hand results to the stations of `handover:`; beside the daemon, until Ctrl-C."""
    from daemon.stations.running import Stations  # noqa: PLC0415 - pictures take time to load

    settings = load.load(config)
    if not any(folder.handover for folder in settings.folders):
        raise SettingsError(str(config), ("handover: no folder names a station",))
    path = existing(settings.state_dir)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with Lock(settings.state_dir / "stations-lock"):
        running = Stations(settings, path, events.set_up())
        running.start()
        stopping.wait()
        running.stop()
