"""``matted web``: a page to look at what was filed, and its API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import load
from daemon.ledger.place import existing
from daemon.log import events
from daemon.machine.extras import needed


def main(
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
) -> None:
    """Serve the page of `web:` beside the daemon, until Ctrl-C; docs/web.md has the rest."""
    with needed("web", "the page"):
        from daemon.web import serving  # noqa: PLC0415 - an extra, which need not be installed
    settings = load.load(config)
    place, token, token_file = serving.prepared(settings, existing(settings.state_dir))
    if sys.stderr.isatty():
        address = f"http://{place.web.listen}:{place.web.port}/#token={token}"
        typer.echo(f"Open {address}\n(the token is in {token_file})", err=True)
    serving.serve(place, token, events.set_up())
