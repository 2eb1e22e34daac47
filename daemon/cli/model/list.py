"""``matted model list``: what is installed, and what can be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from daemon.cli.model.place import ChosenStore, Config, chosen_store, size, told
from matting.models.catalog import CATALOG, ByHand, Hub, Shipped, Source, Web, own
from matting.models.model import Model
from matting.models.package import Package


def main(
    config: Config = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each model, on one line.")
    ] = False,
) -> None:
    """Show the installed models, and those that can be installed."""
    where = chosen_store(config)
    with told():
        installed = where.stores.list()
    if as_json:
        for fact in [*map(_fact, installed), *_others(where, installed)]:
            typer.echo(json.dumps(fact))
        return
    console = Console()
    console.print(_table(where, installed))
    places = " then ".join(str(store.directory) for store in where.stores.stores)
    console.print(f"Looked for in {places}.", style="dim", markup=False, soft_wrap=True)


def _fact(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "installed": True,
        "engine": model.engine,
        "licence": model.licence,
        "path": str(model.path),
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "source": model.source,
        "warnings": list(model.warnings),
        "tested": dict(model.tested),
    }


def _others(where: ChosenStore, installed: tuple[Model, ...]) -> Iterator[dict[str, Any]]:
    """What is not installed, and how it comes here."""
    there = {model.name for model in installed}
    for entry in CATALOG.values():
        if entry.name not in there:
            yield {
                "name": entry.name,
                "installed": False,
                "engine": entry.engine,
                "licence": entry.licence,
                "from": _how(entry.sources[0]),
                "about": entry.about,
            }
    for name, recipe in (where.settings.models if where.settings else {}).items():
        if name not in there:
            yield {
                "name": name,
                "installed": False,
                "engine": own(name, recipe).engine,
                "licence": "your own",
                "from": "file",
                "about": "your own",
            }


def _how(source: Source) -> str:
    match source:
        case Package():
            return "package"
        case Hub():
            return "modelscope"
        case Shipped():
            return "matted"
        case ByHand():
            return "file"
        case Web():
            return "web"


_FROM = {
    "package": "from a Python package",
    "web": "from GitHub",
    "modelscope": "from ModelScope",
    "file": "from a file",
    "matted": "comes with matted",
}


def _table(where: ChosenStore, installed: tuple[Model, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("model", "cuts out", "engine", "licence", "state"):
        table.add_column(title, overflow="fold")
    for model in installed:
        known = CATALOG.get(model.name.removesuffix("-onnx"))
        about = known.about if known else "edges; your own" if model.refines else "your own"
        state = Text(f"installed, {size(model.size_bytes)}", style="green")
        for warning in model.warnings:
            state.append(f"\n{_short(warning)}", style="yellow")
        table.add_row(Text(model.name, "bold"), about, model.engine, model.licence, state)
    for other in _others(where, installed):
        told = Text(_FROM[other["from"]], "dim")
        table.add_row(other["name"], other["about"], other["engine"], other["licence"], told)
    return table


def _short(warning: str) -> str:
    """A word that cannot be overlooked in a table."""
    return "UNTRAINED" if "not trained" in warning else warning
