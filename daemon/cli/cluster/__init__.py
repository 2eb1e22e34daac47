"""``matted cluster``: the certificates by which machines that work together know each other."""

from __future__ import annotations

import importlib

import typer

# A verb is a module here with a function `main`.
VERBS = ("init", "add")


def app() -> typer.Typer:
    """The command with its own verbs."""
    summary = "Certificates of several machines that work on one queue."
    cli = typer.Typer(help=summary, no_args_is_help=True)
    for verb in VERBS:
        cli.command(verb)(importlib.import_module(f"daemon.cli.cluster.{verb}").main)
    return cli
