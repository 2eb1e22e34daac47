"""From ``matted process PHOTO`` to its results: default engine and profile, all on disk."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from tests.benchmarks.effort import Effort
from tests.benchmarks.runs import Run, run


@dataclass(frozen=True, slots=True)
class Start:
    """One photo at a time, each a program of its own."""

    megapixels: float
    runs: tuple[Run, ...]


def measure(effort: Effort, megapixels: float, photo: Path, root: Path) -> Start:
    """The first run is not counted: it reads programs and networks from the disk."""
    runs = []
    for _ in range(effort.starts + 1):
        out = root / "first"
        command = [sys.executable, "-m", "daemon", "process", str(photo), "--json"]
        runs.append(run([*command, "--out", str(out)]))
        shutil.rmtree(out)
    return Start(megapixels, tuple(runs[1:]))


def table(figures: Start) -> Table:
    """One row."""
    shown = Table(title=f"matted process, one photo of {figures.megapixels:g} MP, start to end")
    for heading in ("by the clock, s", "slowest", "processor, s", "peak MiB"):
        shown.add_column(heading, justify="right")
    walls_s = [one.wall_s for one in figures.runs]
    shown.add_row(
        f"{median(walls_s):.2f}",
        f"{max(walls_s):.2f}",
        f"{median(one.cpu_s for one in figures.runs):.2f}",
        f"{median(one.peak_mib for one in figures.runs):.0f}",
    )
    return shown
