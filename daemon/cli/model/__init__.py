"""``matted model``: the networks that engines run; one module per verb."""

from __future__ import annotations

import importlib

import typer

# A verb is a module here with a function `main`.
VERBS = ("install", "list", "verify", "remove", "convert", "build-bshm")


def app() -> typer.Typer:
    """The command with its own verbs."""
    cli = typer.Typer(help="The networks that engines run.", no_args_is_help=True)
    for verb in VERBS:
        module = importlib.import_module(f"daemon.cli.model.{verb.replace('-', '_')}")
        cli.command(verb)(module.main)
    return cli
