"""The command line: one module per verb, one exit code per kind of end."""

from __future__ import annotations

import importlib
import sys
from enum import IntEnum
from typing import Annotated

import typer

from daemon.errors import EngineUnavailable, InUse, MattedError, SettingsError

# In the order in which a newcomer needs them. A verb is a module here with a function `main`.
VERBS = ("init", "check", "run", "process", "demo")


class Exit(IntEnum):
    """What the exit codes mean; README lists them."""

    DONE = 0
    PHOTOS_FAILED = 1
    MISUSED = 2
    NO_ENGINE = 3
    IN_USE = 4


def main() -> None:
    """Run `matted`; an expected error is one clear line on standard error."""
    try:
        app()(standalone_mode=True)
    except MattedError as error:
        print(f"matted: {error}", file=sys.stderr)  # noqa: T201 - this is the command line
        sys.exit(_code(error))


def app() -> typer.Typer:
    """The command with all its verbs."""
    cli = typer.Typer(
        help="Watch folders for photos, cut the people out, file the results.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    cli.callback()(_common)
    for verb in VERBS:
        cli.command(verb)(importlib.import_module(f"daemon.cli.{verb}").main)
    return cli


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's own convention
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import

        typer.echo(f"matted {version('matted')}")
        raise typer.Exit


def _common(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options before the verb; the eager ones do their work in their callbacks."""
    assert not version


def _code(error: MattedError) -> Exit:
    match error:
        case SettingsError():
            return Exit.MISUSED
        case EngineUnavailable():
            return Exit.NO_ENGINE
        case InUse():
            return Exit.IN_USE
        case _:
            return Exit.PHOTOS_FAILED
