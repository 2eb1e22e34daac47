"""``matted model convert``: the installed frozen graph as an ONNX network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from daemon.bench.subjects import find
from daemon.cli.model.place import Config, chosen_store, told
from daemon.config.profiles import Matting
from daemon.engine import conversion
from daemon.engine.choice import guarded
from daemon.engine.parity import Sight, sights
from daemon.errors import MattedError, SettingsError
from matting.models.adoption import CANDIDATE, Offer, activate
from matting.models.catalog import CONVERTIBLE
from matting.models.model import Model
from matting.models.store import Store
from matting.models.stores import Stores
from matting.models.trial import TrialSettings
from matting.networks.recipe import BSHM

_MAX_PIXELS = 200_000_000


@dataclass(frozen=True, slots=True)
class _Graph:
    """What is converted."""

    path: Path
    about: str
    licence: str
    model: Model | None
    """The installed one; None for a file."""


def main(
    name: Annotated[str, typer.Argument(help=f"What to convert: {' or '.join(CONVERTIBLE)}.")],
    photos: Annotated[
        list[str],
        typer.Argument(help="Photos of people, or folders of them, on which both have to agree."),
    ],
    config: Config = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A frozen graph (.pb) instead of the installed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the network there (.onnx), and install nothing.")
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(help="An interpreter that has tensorflow and tf2onnx; see `make converter`."),
    ] = None,
) -> None:
    """Make an ONNX network of a frozen graph, and install it as bshm-onnx.

    It runs where no TensorFlow is, and on GPUs that tensorflow-gpu 1.15.5 does not know. It counts
    only if its alpha is the graph's on all photos given, within 1 of 255.
    """
    if name not in CONVERTIBLE:
        fault = f"{name!r} is no frozen graph; what can be converted: {', '.join(CONVERTIBLE)}"
        raise SettingsError("model", (fault,))
    where, console = chosen_store(config), Console()
    with told():
        pictures = _pictures(photos)
        graph = _graph(name, source, where.stores)
        with guarded(graph.model), _candidate(name, out, where.store) as candidate:
            _say(console, conversion.convert(graph.path, candidate, python).partition(": ")[2])
            verdict = conversion.prove(
                graph.path, candidate, pictures, python, lambda line: _say(console, line)
            )
            console.print(_table(verdict))
            conversion.demand(verdict)
            if out is not None:
                candidate.replace(out)
                _say(console, f"{out} is the same network, as far as these photos can tell")
                return
            offer = Offer(
                name=f"{name}-onnx",
                engine="onnx",
                source=f"converted from {graph.about}",
                recipe=BSHM,
                licence=graph.licence,
            )
            made = activate(
                where.store, offer, candidate, TrialSettings(None, "cpu"), replaces=True
            )
    _say(console, f"{made.name} is installed, the same network as far as these photos can tell")
    for warning in made.warnings:
        _say(console, f"  warning: {warning}", "yellow")


def _pictures(photos: list[str]) -> list[Sight]:
    found = [
        Path(os.fsdecode(os.path.join(os.fsencode(s.folder), s.path))) for _, s in find(photos)
    ]
    return list(sights(found, long_side=Matting().long_side, max_pixels=_MAX_PIXELS))


def _graph(name: str, source: Path | None, stores: Stores) -> _Graph:
    if source is not None:
        return _Graph(source, str(source.absolute()), "unknown", None)
    model = stores.find(name)
    if model is None:
        raise MattedError(
            f"{name} is not installed: `matted model install {name}`, or --from a frozen graph"
        )
    about = f"{name} {model.sha256[:12]}, which is from {model.source}"
    return _Graph(model.path, about, model.licence, model)


@contextmanager
def _candidate(name: str, out: Path | None, store: Store) -> Iterator[Path]:
    """Where the network is until it is proved; nothing is left of one that is not."""
    if out is not None:
        file = out.with_name(f".{out.name}.{os.getpid()}.part")
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)
        return
    with store.installing(f"{name}-onnx") as workplace:
        file = workplace / f"{CANDIDATE}.onnx"
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)


def _table(verdict: conversion.Comparison) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("picture", overflow="fold")
    for title in ("size", "off by", "pixels", "span", "TF, s", "ONNX, s"):
        table.add_column(title, justify="right")
    for one in verdict.compared:
        width, height = one.size
        table.add_row(
            one.name,
            f"{width} x {height}",
            f"{one.worst}",
            f"{one.share:.3%}",
            f"{one.span}",
            *(f"{took_s:.2f}" for took_s in one.took_s),
        )
    return table


def _say(console: Console, text: str, style: str = "") -> None:
    """Print as it is: paths are no markup."""
    console.print(text, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)
