"""Where a photo's time goes, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from tests.benchmarks.effort import Effort
from tests.benchmarks.processes import cpu_s, forget_peak, peak_mib, processes
from tests.benchmarks.rig import Arrival, Rig, running

STAGES = (
    *("read", "decode", "prepare", "matte", "refine", "judge"),
    *("foreground", "encode", "sync", "publish"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """Photos of one size, in a daemon that is warm; medians."""

    megapixels: float
    photos: int
    stages_s: dict[str, float]
    work_s: float
    """All stages of a photo."""
    slowest_s: float
    """The slowest photo's."""
    cpu_s: float
    """Processor time per photo, of all processes and cores: what neighbours cannot inflate."""
    photo_peak_mib: float
    """The most memory that the photo process took."""
    engine_peak_mib: float


@dataclass(frozen=True, slots=True)
class Stages:
    """The sizes, and the first photo after the start."""

    sizes: tuple[Size, ...]
    first: dict[str, float]
    """Stages of the very first photo, of the smallest size."""
    first_handling_s: float
    """What passed between settled and filed beside the stages: the photo process has to start."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One photo, and what it took."""

    arrival: Arrival
    cpu_s: float
    peaks_mib: dict[str, float]


def measure(effort: Effort, photos: Mapping[float, Path], root: Path) -> Stages:
    """Photos of all sizes, in turns, one at a time."""
    smallest = photos[min(effort.megapixels)]
    with running(Rig(root / "stages", workers=1)) as rig:
        first = rig.file(smallest, "first.jpg")
        taken: dict[float, list[Taken]] = {size: [] for size in effort.megapixels}
        for number in range(effort.rounds):
            for size in effort.megapixels:
                taken[size].append(take(rig, photos[size], f"{size:g}-{number}.jpg"))
    sizes = tuple(summary(size, all_of_it) for size, all_of_it in taken.items())
    return Stages(sizes, first.stages_s, first.handling_s)


def take(rig: Rig, photo: Path, name: str) -> Taken:
    by_role = processes(rig.pid)
    pids = [pid for found in by_role.values() for pid in found]
    for pid in pids:
        forget_peak(pid)
    before_s = sum(map(cpu_s, pids))
    arrival = rig.file(photo, name)
    peaks = {role: peak_mib(found[0]) for role, found in by_role.items()}
    return Taken(arrival, sum(map(cpu_s, pids)) - before_s, peaks)


def summary(megapixels: float, taken: list[Taken]) -> Size:
    works_s = [one.arrival.work_s for one in taken]
    return Size(
        megapixels=megapixels,
        photos=len(taken),
        stages_s={
            stage: median(one.arrival.stages_s.get(stage, 0.0) for one in taken) for stage in STAGES
        },
        work_s=median(works_s),
        slowest_s=max(works_s),
        cpu_s=median(one.cpu_s for one in taken),
        photo_peak_mib=max(one.peaks_mib["photo"] for one in taken),
        engine_peak_mib=max(one.peaks_mib["engine"] for one in taken),
    )


def table(figures: Stages) -> Table:
    """Stages downwards, sizes across."""
    photos = figures.sizes[0].photos
    shown = Table(title=f"Where the time goes (warm, median of {photos}, seconds)")
    shown.add_column("stage")
    for size in figures.sizes:
        shown.add_column(f"{size.megapixels:g} MP", justify="right")
        shown.add_column("", justify="right", style="dim")
    shown.add_column(f"first photo, {figures.sizes[0].megapixels:g} MP", justify="right")
    for stage in STAGES:
        cells = [cell for size in figures.sizes for cell in _share(size, stage)]
        shown.add_row(stage, *cells, f"{figures.first.get(stage, 0):.3f}")
    shown.add_section()
    first = sum(figures.first.values())
    shown.add_row("all stages", *_across(figures, "work_s", "{:.2f}"), f"{first:.2f}")
    shown.add_row("slowest photo", *_across(figures, "slowest_s", "{:.2f}"))
    shown.add_row("processor time", *_across(figures, "cpu_s", "{:.2f}"))
    shown.add_row("photo process, peak MiB", *_across(figures, "photo_peak_mib", "{:.0f}"))
    shown.add_row("engine, peak MiB", *_across(figures, "engine_peak_mib", "{:.0f}"))
    shown.add_row("start of photo process", *[""] * 2 * len(figures.sizes), _plain(figures))
    return shown


def _plain(figures: Stages) -> str:
    return f"{figures.first_handling_s:.2f}"


def _share(size: Size, stage: str) -> tuple[str, str]:
    took_s = size.stages_s[stage]
    return f"{took_s:.3f}", f"{took_s / size.work_s:.0%}"


def _across(figures: Stages, field: str, form: str) -> list[str]:
    return [cell for size in figures.sizes for cell in (form.format(getattr(size, field)), "")]
