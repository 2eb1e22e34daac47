"""``matted check``: is this settings file right?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.config.load import load
from daemon.config.settings import Folder
from daemon.filing.originals import beforehand
from daemon.intake import inbox


def main(
    file: Annotated[Path, typer.Argument(help="A settings file.")] = Path("matted.yaml"),
) -> None:
    """Check a settings file and report every fault in it at once."""
    settings = load(file)
    typer.echo(f"{file}: no faults")
    for folder in settings.folders:
        typer.echo(f"  {folder.watch} -> {folder.results} ({folder.profile})")
        if not folder.watch.is_dir():
            typer.echo(f"    {_absent(folder)}")
        if note := beforehand(folder.originals, settings.profile(folder.profile)):
            typer.echo(f"    {note}")


def _absent(folder: Folder) -> str:
    if folder.watch.exists():
        return "warning: what is to be watched is no folder, so nothing will come from there"
    if reason := inbox.hindrance(folder.watch, folder.marker):
        return f"warning: {folder.watch} is not there, and is waited for: {reason}"
    return f"note: {folder.watch} is not there yet; the daemon makes it when it first starts"
