"""``matted webhooks``: tell the addresses of the settings what has happened."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import load
from daemon.errors import SettingsError
from daemon.ledger.place import existing
from daemon.log import events
from daemon.machine.wakeup import WakeUp


def main(
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
) -> None:
    """Tell the addresses of `webhooks:` what happened; beside the daemon, until Ctrl-C."""
    from daemon.delivery.webhooks import followers  # noqa: PLC0415 - what talks to the web takes time to load

    settings = load.load(config)
    if not settings.webhooks:
        raise SettingsError(str(config), ("webhooks: names no address",))
    path = existing(settings.state_dir)
    running = followers(path, settings.webhooks, events.set_up())
    stopping = WakeUp()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    for follower in running:
        follower.start()
    stopping.wait()
    for follower in running:
        follower.stop()
