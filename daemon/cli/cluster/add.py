"""``matted cluster add``: a certificate for one more machine."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.cluster.place import YEARS_3, Again, Config, Days, Directory, Names, Place
from daemon.machine.extras import needed


def main(
    host: Annotated[str, typer.Argument(help="The machine's name or address in the network.")],
    config: Config = Path("matted.yaml"),
    directory: Directory = None,
    name: Names = None,
    days: Days = YEARS_3,
    *,
    again: Again = False,
) -> None:
    """Make another machine's certificate, in a directory to be copied there."""
    with needed("cluster", "a cluster"):
        from daemon.cluster import authority  # noqa: PLC0415 - an extra, which need not be installed
    place = Place.of(directory, config, f"add {shlex.quote(host)}")
    names = authority.demand_names([host, *(name or ())])
    at = place.directory / names[0]
    make = authority.renew if again else authority.add
    until = make(place.directory, at, names, now=datetime.now(UTC), days=days)
    typer.echo(f"Made {at} for {', '.join(names)}; valid until {until:%Y-%m-%d}.")
    typer.echo("Copy it there over a way that you trust, for matted's user alone to read, and name")
    typer.echo("it as `executor.certificates` in the settings of that machine's worker.")
