"""``matted process``: photos, folders and addresses, once."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from daemon.api import FLAT, Result, find_profile, process, settings_for
from daemon.cli.words import count_people
from daemon.photo import show


def main(
    photos: Annotated[list[str], typer.Argument(help="Files, folders and http(s) addresses.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the results go.")],
    config: Annotated[
        Path | None, typer.Option(help="A settings file to take profiles and engine from.")
    ] = None,
    profile: Annotated[str, typer.Option(help="What is done to the photos.")] = "old-photo",
    engine: Annotated[str | None, typer.Option(help="Instead of the settings' engine.")] = None,
    *,
    foreground: Annotated[
        bool, typer.Option(help="Whether to make foregrounds, which take the longest.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each photo.")
    ] = False,
) -> None:
    """Cut the people out of photos, once, through the daemon's own pipeline."""
    chosen = find_profile(profile, settings_for(config))
    if config is None:
        chosen = chosen.model_copy(update={"file_as": FLAT})
    if not foreground:
        chosen = chosen.without("foreground")
    say = _say_json if as_json else _say
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=as_json),
        transient=True,
    ) as progress:
        bar = progress.add_task("starting the engine", total=None)

        def tell(result: Result) -> None:
            say(progress.console, result)
            progress.update(bar, advance=1, description="matting")

        results = process(
            photos,
            out,
            profile=chosen,
            config=config,
            engine=engine,
            on_begin=lambda count: progress.update(bar, total=count),
            on_result=tell,
        )
    if any(result.error for result in results):
        raise typer.Exit(1)


def _say_json(_: Console, result: Result) -> None:
    facts = asdict(result) | {"files": {k: show(str(v)) for k, v in result.files.items()}}
    typer.echo(json.dumps(facts))


def _say(console: Console, result: Result) -> None:
    if result.error:
        console.print(
            f"{result.source}: {result.error}", style="red", markup=False, highlight=False
        )
        return
    width, height = result.size or (0, 0)
    took_s = sum(result.took_s.values())
    console.print(
        f"{result.source}: {width} x {height}, {count_people(result.people)}, {took_s:.1f} s",
        markup=False,
        highlight=False,
    )
    for path in result.files.values():
        console.print(f"  {show(str(path))}", markup=False, highlight=False, soft_wrap=True)
    for warning in result.warnings:
        console.print(f"  warning: {warning}", style="yellow", markup=False, highlight=False)
