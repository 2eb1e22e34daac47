"""``matted bench``: engines side by side on the same photos."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
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
    TimeElapsedColumn,
)

from daemon.api import find_profile, settings_for
from daemon.bench import contenders, references, subjects, table
from daemon.bench.contenders import Contender
from daemon.bench.findings import Findings
from daemon.bench.run import Bench
from daemon.bench.sheet import draw, save
from daemon.errors import MattedError, NoEngine, ResultsTrouble
from daemon.log import events
from matting.small_file import replace_file

_SHEET, _FIGURES = "bench.jpg", "bench.json"


def main(
    photos: Annotated[list[str], typer.Argument(help="Files, and folders with all below them.")],
    reference_dir: Annotated[
        Path | None,
        typer.Option(
            "--references",
            help="A folder of true mattes, PNG or TIFF, each named like its photo: grey, or in the"
            " alpha channel.",
        ),
    ] = None,
    engines: Annotated[
        str | None,
        typer.Option(
            help="Which, e.g. people,bshm,u2net: engines and installed models."
            " All that is installed, if none is named."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A settings file to take profile, models and engine from.")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="What is done to the photos: old-photo, studio-portrait or yours.")
    ] = "old-photo",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help=f"Where {_SHEET} (all mattes in one picture) and {_FIGURES} go; those of an"
            " earlier bench are replaced.",
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what bench.json holds instead of tables.")
    ] = False,
) -> None:
    """Compare engines on your photos: how good, how fast, how much memory.

    Each photo takes the daemon's own way up to its matte, one after the other, engine after engine.
    With references, mattes are measured as the matting literature does. (`make bench` is another
    thing: it measures where the daemon's time goes.)
    """
    wanted = settings_for(config)
    chosen_profile = find_profile(profile, wanted)
    chosen = contenders.chosen(engines, contenders.known(wanted))
    found = subjects.find(photos)
    known = references.find(reference_dir) if reference_dir else {}
    stems = [subjects.stem(sighting) for _, sighting in found]
    unused = references.without_photo(known, stems) if known else []
    if out is not None:
        _demand_writable(out)
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="matted-bench-") as scratch:
        bench = Bench(
            subjects.paired(found, known), wanted, chosen_profile, Path(scratch), events.silent()
        )
        with _progress(console, (len(found) + 1) * len(chosen), hidden=as_json) as say:
            columns = tuple(bench.run(each, say(each)) for each in chosen)
    notes = (f"references without a photo: {', '.join(unused)}",) if unused else ()
    findings = Findings(profile, bench.looks, columns, notes)
    _tell(findings, console, as_json=as_json)
    if out is not None:
        _write(findings, out, console)
    _conclude(findings)


Say = Callable[[Contender], Callable[[object], None]]


@contextlib.contextmanager
def _progress(console: Console, total: int, *, hidden: bool) -> Iterator[Say]:
    """A bar that goes away; it is told of each engine, and of each photo through that."""
    # Live displays take over sys.stdout; JSON must not end up on their console.
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=not hidden,
        disable=not console.is_terminal,
    ) as progress:
        bar = progress.add_task("", total=total)

        def begin(contender: Contender) -> Callable[[object], None]:
            progress.update(bar, description=f"{contender.name}: starting")

            def advance(_: object) -> None:
                progress.update(bar, advance=1, description=contender.name)

            return advance

        yield begin


def _tell(findings: Findings, console: Console, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(findings.to_json(), indent=1))
        return
    for one in table.tables(findings):
        console.print(one, "")
    if any(column.scores for column in findings.columns):
        console.print(table.LEGEND, style="dim", highlight=False)
    console.print(table.COSTS, style="dim", highlight=False)
    for line in table.remarks(findings):
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _conclude(findings: Findings) -> None:
    """End with an exit code that says whether all of it is there.

    Raises:
        NoEngine: no engine could run.
        MattedError: some could not, or photos failed.
    """
    absent = [column for column in findings.columns if column.unavailable]
    if len(absent) == len(findings.columns):
        reasons = "; ".join(f"{column.name}: {column.unavailable}" for column in absent)
        raise NoEngine(f"no engine could run: {reasons}")
    told = [f"{column.name} could not run" for column in absent]
    told += [
        f"{column.name} failed at {column.failed} of {len(column.trials)} photos"
        for column in findings.columns
        if column.failed
    ]
    if told:
        raise MattedError("; ".join(told))


def _demand_writable(out: Path) -> None:
    """Before minutes of work, and not after them."""
    with _trouble(out):
        out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out).close()


def _write(findings: Findings, out: Path, console: Console) -> None:
    with _trouble(out):
        replace_file(out / _FIGURES, json.dumps(findings.to_json(), indent=1).encode())
        if any(look.cell is not None for look in findings.looks):
            replace_file(out / _SHEET, save(draw(findings)))
            console.print(f"All in one picture: {out / _SHEET}", markup=False, soft_wrap=True)


@contextlib.contextmanager
def _trouble(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"{out} cannot be written: {error.strerror}"
        raise ResultsTrouble(reason, error.errno or 0) from error
