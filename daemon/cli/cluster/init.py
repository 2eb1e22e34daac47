"""``matted cluster init``: an authority for the studio, and the first certificate of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from daemon.cli.cluster.place import YEARS_3, Again, Config, Days, Directory, Names, Place
from daemon.machine.extras import needed


def main(
    config: Config = Path("matted.yaml"),
    directory: Directory = None,
    name: Names = None,
    days: Days = YEARS_3,
    *,
    again: Again = False,
) -> None:
    """Make an authority for certificates, and this machine's certificate."""
    with needed("cluster", "a cluster"):
        from daemon.cluster import authority  # noqa: PLC0415 - an extra, which need not be installed
    place = Place.of(directory, config, "init")
    names = authority.demand_names([*place.own_names(), *(name or ())])
    now, at = datetime.now(UTC), place.directory
    if again:
        until = authority.renew(at, at, names, now=now, days=days)
        typer.echo(f"Made the certificate in {at} again, for {', '.join(names)}.")
    else:
        until = authority.establish(at, names, now=now, days=days)
        typer.echo(f"Made an authority in {at}, and this machine's certificate of it,")
        typer.echo(f"for {', '.join(names)}.")
        typer.echo("Whoever has ca-key.pem can make machines join: keep a copy where it is safe.")
        typer.echo(f"For each other machine: `{place.typed('cluster add HOST')}`")
    typer.echo(f"Valid until {until:%Y-%m-%d}.")
