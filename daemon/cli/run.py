"""``matted run``: the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon import events
from daemon.service import Service


def main(
    config: Annotated[Path, typer.Option(help="The settings file.")] = Path("matted.yaml"),
    *,
    verbose: Annotated[bool, typer.Option(help="Also log what is rarely of interest.")] = False,
) -> None:
    """Watch the folders of a settings file until told to stop (SIGTERM or Ctrl-C)."""
    Service(config, events.set_up(verbose=verbose)).run()
