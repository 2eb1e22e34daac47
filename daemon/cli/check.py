"""``matted check``: is this settings file right?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.config_file import load
from daemon.originals import beforehand


def main(
    file: Annotated[Path, typer.Argument(help="A settings file.")] = Path("matted.yaml"),
) -> None:
    """Check a settings file and report every fault in it at once."""
    settings = load(file)
    typer.echo(f"{file}: no faults")
    for folder in settings.folders:
        typer.echo(f"  {folder.watch} -> {folder.results} ({folder.profile})")
        if note := beforehand(folder.originals, settings.profile(folder.profile)):
            typer.echo(f"    {note}")
