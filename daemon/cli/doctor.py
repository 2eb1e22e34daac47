"""``matted doctor``: is everything there that photos will need?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from daemon.cli.words import advice
from daemon.config import load
from daemon.doctor import Severity, examine
from daemon.doctor_cluster import examine_cluster

_STYLE = {Severity.OK: "green", Severity.NOTE: "yellow", Severity.BAD: "bold red"}


def main(
    config: Annotated[Path, typer.Option(help="The daemon's settings file.")] = Path("matted.yaml"),
    *,
    cluster: Annotated[
        bool,
        typer.Option("--cluster", help="Try out the workers of other machines instead."),
    ] = False,
) -> None:
    """Try out folders, rights, limits and the engine; say what to do about what is amiss."""
    console = Console()
    settings = load.load(config)
    console.print(_line(Severity.OK, str(config), "no faults"))
    bad = 0
    now = datetime.now(UTC)
    for finding in examine_cluster(settings, now=now) if cluster else examine(settings):
        console.print(_line(finding.verdict, finding.what, advice(finding.told)), soft_wrap=True)
        bad += finding.verdict is Severity.BAD
    if bad:
        raise typer.Exit(1)


def _line(verdict: Severity, what: str, told: str) -> Text:
    return Text.assemble((f"{verdict:>4}", _STYLE[verdict]), f"  {what}: {told}")
