"""``matted process``: photos, folders and addresses, once."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from daemon.api import Result, process, settings_for, treatment, with_engine
from daemon.cli.words import count_people, tell_flag
from daemon.config.reading import Pages, Split, Turn
from daemon.engine.choice import choose
from daemon.errors import MattedError, ModelAbsent, SettingsError
from daemon.photo import show
from matting.models.catalog import PEOPLE
from matting.web import is_address

_IN_A_WARNING = "nobody"
"""The flag that engines warn of in words of their own."""


def main(  # noqa: PLR0913 - each is an option of the command
    photos: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders with all below them, http(s) addresses. A folder after files is"
            " where the results go."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Where the results go, where nothing is overwritten. Without it: beside each"
            " photo; of a folder, into `matted` in it.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A settings file to take profiles and engine from.")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="What is done to the photos: old-photo, studio-portrait or yours.")
    ] = "old-photo",
    engine: Annotated[
        str | None,
        typer.Option(help="An engine, or an installed model, instead of the settings'."),
    ] = None,
    *,
    pages: Annotated[
        Pages, typer.Option(help="Whether each page of a TIFF is a photo of its own.")
    ] = "first",
    split: Annotated[
        Split, typer.Option(help="Whether a scan is cut into the prints that lay on it.")
    ] = "none",
    turn: Annotated[
        Turn, typer.Option(help="Whether what lies sideways is turned, where that is certain.")
    ] = "none",
    foreground: Annotated[
        bool, typer.Option("--foreground/--no-foreground", help="Whether to file cut-outs.")
    ] = True,
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing",
            help="Leave out photos whose results are there: go on after an interruption.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each photo, on one line.")
    ] = False,
) -> None:
    """Cut the people out of photos, once, through the daemon's own pipeline.

    The exit code is 1 if a photo failed or a folder had no photos in it.
    """
    treatment(profile, settings_for(config), foreground=foreground)  # faults before questions
    if out is None:
        photos, out = with_place(photos)
    console = Console(stderr=as_json)
    if not as_json and console.is_terminal and sys.stdin.isatty():
        _offer_network(config, engine)
    # Live displays take over sys.stdout; JSON must not end up on their console.
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=not as_json,
        # On one terminal the bar and the lines would be written over each other.
        disable=not console.is_terminal or (as_json and sys.stdout.isatty()),
    ) as progress:
        bar = progress.add_task("looking for photos", total=None)

        def begin(count: int) -> None:
            progress.update(bar, total=count, description="starting the engine")

        def ready() -> None:
            progress.update(bar, description="matting")

        def tell(result: Result) -> None:
            progress.update(bar, advance=1)
            if as_json:
                _say_json(result)
            else:
                _say(console, result)

        try:
            results = process(
                photos,
                out,
                profile=profile,
                config=config,
                engine=engine,
                foreground=foreground,
                pages=pages,
                split=split,
                turn=turn,
                skip_existing=skip_existing,
                on_begin=begin,
                on_ready=ready,
                on_result=tell,
            )
        except SystemExit:
            if sys.stderr.isatty() and (pages, split) == ("first", "none"):
                typer.echo("The same command with --skip-existing goes on from here.", err=True)
            raise
    if failed := sum(result.error is not None for result in results):
        raise MattedError(f"{failed} of {len(results)} failed")


def _offer_network(config: Path | None, engine: str | None) -> None:
    """Where the network that finds people is needed and absent, ask whether to install it."""
    try:
        choose(with_engine(settings_for(config), engine))
    except ModelAbsent as error:
        asked = "The network that finds people is not installed (36 MB to download, 250 kB stay)."
        if error.model != PEOPLE or not typer.confirm(f"{asked} Install it now?", default=True):
            raise
        # It tries what it installs out, and loads picture libraries for that.
        from daemon.cli.model.install import main as install  # noqa: PLC0415

        install(PEOPLE, config=config)


def with_place(given: list[str]) -> tuple[list[str], Path | None]:
    """The photos, and where their results go if the last word says that, as with ``cp``.

    Raises:
        SettingsError: it may be meant as one or the other.
    """
    *photos, last = given
    if not photos or is_address(last):
        return given, None
    if not os.path.lexists(last):
        return (photos, Path(last)) if last.endswith("/") else (given, None)
    if not os.path.isdir(last):
        return given, None
    if any(os.path.isdir(one) for one in photos):
        fault = f"may be meant as photos or as the place for results; `--out {last}` or `--out DIR`"
        raise SettingsError(last, (fault,))
    return photos, Path(last)


def _say_json(result: Result) -> None:
    facts = asdict(result) | {"files": {k: show(str(v)) for k, v in result.files.items()}}
    typer.echo(json.dumps(facts))


def _say(console: Console, result: Result) -> None:
    if result.error:
        _line(console, f"{result.source}: {result.error}", "red")
        return
    if result.skipped:
        _line(console, f"{result.source}: its results are there already", "dim")
        return
    width, height = result.size or (0, 0)
    took_s = sum(result.took_s.values())
    found = count_people(result.people)
    _line(console, f"{result.source}: {width} x {height}, {found}, {took_s:.1f} s", "bold")
    for path in result.files.values():
        _line(console, f"  {show(str(path))}", "dim")
    for warning in result.warnings:
        _line(console, f"  warning: {warning}", "yellow")
    for flag in result.flags:
        if flag.reason == _IN_A_WARNING and result.warnings:
            continue
        _line(console, f"  look at it: {tell_flag(flag)}", "yellow")


def _line(console: Console, text: str, style: str) -> None:
    """Print as it is: paths are no markup, and a path that was wrapped cannot be copied."""
    console.print(text, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)
