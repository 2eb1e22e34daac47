"""What a bench found, as tables for a terminal of 80 columns and more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rich.markup import escape
from rich.table import Table

from daemon.bench.findings import Column, Findings, PhotoRun, Score
from matting.people import NOBODY

NOTHING = "-"


class _Measure(NamedTuple):
    heading: str
    name: str
    scale: float
    digits: int
    best: Callable[[Iterable[float]], float]


_MEASURES = (
    _Measure("SAD", "sad", 1, 2, min),
    _Measure("MSE", "mse", 1000, 2, min),
    _Measure("MAD", "mad", 1000, 2, min),
    _Measure("Grad", "gradient", 1, 2, min),
    _Measure("Conn", "connectivity", 1, 2, min),
    _Measure("IoU", "iou", 1, 3, max),
    _Measure("edge", "soft_error", 1, 3, min),
    _Measure("soft", "soft_kept", 100, 0, max),
    _Measure("dark", "shadow_accuracy", 100, 0, max),
)
LEGEND = (
    "SAD, Grad, Conn in thousands, MSE and MAD x 1000, edge: mean error where the reference is "
    "soft (less is better); IoU, soft: % of those pixels kept, dark: % of shadowed person right "
    "(more is better). Of whole pictures."
)
COSTS = (
    "s: a photo from reading it to its matte on disk (warm: median), and the engine's part of it; "
    "cold: the very first photo; start: until the engine was ready. MiB: the most main memory "
    "(VmHWM) of the engine process and of the photo process, not the GPU's."
)


def tables(findings: Findings) -> list[Table]:
    """Means by engine, if there are references; what engines cost; and photo by photo."""
    scored = any(column.scores for column in findings.columns)
    shown = [_quality(findings)] if scored else []
    return [*shown, _costs(findings), _photos(findings, scored=scored)]


def _quality(findings: Findings) -> Table:
    table = _table("Mean over the photos with a reference", "engine", "photos")
    for measure in _MEASURES:
        table.add_column(measure.heading, justify="right")
    best = {m.name: _best(m, (c.mean(m.name) for c in findings.columns)) for m in _MEASURES}
    for column in findings.columns:
        means = (_figure(m, column.mean(m.name), best[m.name]) for m in _MEASURES)
        table.add_row(escape(column.name), str(len(column.scores)), *means)
    return table


def _costs(findings: Findings) -> Table:
    table = _table("What it took", "engine", "photos")
    for heading in ("start s", "cold s", "warm s", "engine s", "engine MiB", "photo MiB"):
        table.add_column(heading, justify="right")
    table.add_column("ran on", overflow="fold")
    for column in findings.columns:
        done = len(column.trials) - column.failed
        count = str(done) if not column.failed else f"{done} of {len(column.trials)}"
        figures = (
            _seconds(column.start_s),
            _seconds(column.cold.total_s if column.cold else None),
            _seconds(column.warm_s),
            _seconds(column.warm_engine_s),
            _whole(column.engine_peak_mib),
            _whole(column.photo_peak_mib),
        )
        table.add_row(escape(column.name), count, *figures, _ran_on(column))
    return table


def _ran_on(column: Column) -> str:
    if column.unavailable:
        return "[red]could not run, see below[/red]"
    return escape(f"{column.device}, {column.framework}")


def _photos(findings: Findings, *, scored: bool) -> Table:
    table = _table("Photo by photo", "photo", "engine")
    for heading in ("s", *(m.heading for m in _MEASURES if scored)):
        table.add_column(heading, justify="right")
    if not scored:
        table.add_column("people")
    columns = [column for column in findings.columns if column.trials]
    for number, look in enumerate(findings.looks):
        trials = [column.trials[number] for column in columns]
        best = {
            m.name: _best(m, (getattr(t.score, m.name) for t in trials if t.score))
            for m in _MEASURES
        }
        for column, trial in zip(columns, trials, strict=True):
            name = escape(look.photo) if column is columns[0] else ""
            table.add_row(name, escape(column.name), *_row(trial, best, scored=scored))
        table.add_section()
    return table


def _row(trial: PhotoRun, best: dict[str, float | None], *, scored: bool) -> list[str]:
    took = _seconds(trial.cost.total_s if trial.cost else None)
    if not scored:
        return [took, _people(trial)]
    if trial.score is None:
        return [took, *(NOTHING for _ in _MEASURES)]
    score: Score = trial.score
    return [took, *(_figure(m, getattr(score, m.name), best[m.name]) for m in _MEASURES)]


def _people(trial: PhotoRun) -> str:
    if trial.error:
        return f"[red]{escape(trial.error)}[/red]"
    if trial.empty:
        return "nobody"
    return NOTHING if trial.people is None else str(trial.people)


def remarks(findings: Findings) -> list[str]:
    """What the tables have no room for, in lines."""
    told = list(findings.notes)
    if any(look.reference for look in findings.looks):
        told += _listed("without a reference", (x.photo for x in findings.looks if not x.reference))
    told += [f"{look.photo}: {look.note}" for look in findings.looks if look.note]
    for column in findings.columns:
        if column.unavailable:
            told.append(f"{column.name} could not run: {column.unavailable}")
        for trial in column.trials:
            where = f"{trial.photo}, {column.name}"
            if trial.error:
                told.append(f"{where}: no matte: {trial.error}")
            elif trial.empty:
                told.append(f"{where}: nobody found, so the matte is empty")
        told += [f"{column.name}: {one}" for one in _warnings(column.trials)]
    return told


def _listed(what: str, names: Iterable[str]) -> list[str]:
    """One line, or none if there are no names."""
    joined = ", ".join(names)
    return [f"{what}: {joined}"] if joined else []


def _warnings(trials: Iterable[PhotoRun]) -> list[str]:
    """Each once: an untrained model says so with every photo. Who is empty was told by photo."""
    told = (one for trial in trials for one in trial.warnings if one != NOBODY)
    return list(dict.fromkeys(told))


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", padding=(0, 1, 0, 0))
    table.box = None
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _best(measure: _Measure, values: Iterable[float | None]) -> float | None:
    """The best of several; nothing where there is nothing to compare."""
    known = [value for value in values if value is not None]
    return measure.best(known) if len(known) > 1 else None


def _figure(measure: _Measure, value: float | None, best: float | None) -> str:
    if value is None:
        return NOTHING
    shown = f"{value * measure.scale:.{measure.digits}f}"
    return f"[bold green]{shown}[/bold green]" if value == best else shown


def _seconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _whole(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0f}"
