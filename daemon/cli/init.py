"""``matted init``: a settings file to start from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from daemon.config.example import commented_yaml
from daemon.config.invocation import program
from daemon.config.locations import located
from daemon.errors import SettingsError
from daemon.intake import inbox


def main(
    file: Annotated[Path, typer.Argument(help="Where to write it; never overwritten.")] = Path(
        "matted.yaml"
    ),
    watch: Annotated[str, typer.Option(help="The folder where photos arrive.")] = "inbox",
    results: Annotated[str, typer.Option(help="The folder for results.")] = "results",
) -> None:
    """Write a settings file in which every setting is explained."""
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(commented_yaml(watch=watch, results=results))
    except FileExistsError:
        raise SettingsError(str(file), ("is there already; it stays as it is",)) from None
    except OSError as error:
        raise SettingsError(str(file), (f"cannot be written: {error.strerror}",)) from error
    typer.echo(f"Wrote {file}.")
    typer.echo(_inbox(located(Path(watch), file.resolve().parent)))
    called, quoted = program(), shlex.quote(str(file))
    typer.echo(f"`{called} check {quoted}` checks it, `{called} run --config {quoted}` runs.")


def _inbox(folder: Path) -> str:
    """Make the watched folder, and say what to do with it."""
    if folder.is_dir():
        return f"Photos in {folder} will be worked on."
    reason = "something else is there" if folder.exists() else inbox.hindrance(folder)
    if reason is None and inbox.make(folder):
        return f"Made {folder}: drop photos there."
    return f"{folder} is not there: {reason or 'it cannot be made'}."
