"""Photos per minute with one and with two photo processes, against what their stages take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from rich.table import Table

from tests.benchmarks.effort import Effort
from tests.benchmarks.processes import family_cpu_s
from tests.benchmarks.rig import Rig, running, said_s
from tests.stubs.harness import write_photo


@dataclass(frozen=True, slots=True)
class Batch:
    """Photos that were there at once."""

    workers: int
    photos: int
    wall_s: float
    """From the first photo settled to the last filed."""
    stages_s: dict[str, float]
    """Of a photo, on average in this batch."""
    cpu_s: float
    """Processor time per photo, of all processes."""

    @property
    def per_minute(self) -> float:
        return 60 * self.photos / self.wall_s

    @property
    def overhead(self) -> float:
        """Time per photo and worker against the time in stages; 1.0 is none."""
        return self.wall_s * self.workers / self.photos / self.work_s

    @property
    def work_s(self) -> float:
        """All stages of a photo."""
        return sum(self.stages_s.values())


@dataclass(frozen=True, slots=True)
class Throughput:
    """Batches in the order in which they ran."""

    megapixels: float
    batches: tuple[Batch, ...]

    def of(self, workers: int) -> list[Batch]:
        """The batches with so many workers."""
        return [batch for batch in self.batches if batch.workers == workers]


def measure(effort: Effort, photo: Path, root: Path) -> Throughput:
    """Batches in turns for two daemons, of which one is idle; the first of each is not counted."""
    batches = _in_turns(photo, root, effort.batch, effort.batches, stubbed=False)
    return Throughput(effort.batch_megapixels, batches)


def measure_tiny(effort: Effort, root: Path) -> Throughput:
    """Photos of 64 x 64 pixels, the matte alone, no steps: what is left is the daemon itself."""
    photo = root / "tiny.jpg"
    write_photo(photo, size=(64, 64))
    batches = _in_turns(photo, root / "tiny", effort.tiny, effort.batches, stubbed=True)
    return Throughput(64 * 64 / 1e6, batches)


def _in_turns(
    photo: Path, root: Path, count: int, times: int, *, stubbed: bool
) -> tuple[Batch, ...]:
    profile = "plain" if stubbed else None
    with (
        running(Rig(root / "one", workers=1, stubbed=stubbed, profile=profile)) as one,
        running(Rig(root / "two", workers=2, stubbed=stubbed, profile=profile)) as two,
    ):
        for rig, workers in ((one, 1), (two, 2)):
            _batch(rig, photo, workers, "warm", workers)
        return tuple(
            _batch(rig, photo, count, str(number), workers)
            for number in range(times)
            for rig, workers in ((one, 1), (two, 2))
        )


def _batch(rig: Rig, photo: Path, count: int, label: str, workers: int) -> Batch:
    names = [f"{label}-{number}.jpg" for number in range(count)]
    for name in names:
        (rig.root / name).write_bytes(photo.read_bytes())
    before_s = family_cpu_s(rig.pid)
    for name in names:
        os.rename(rig.root / name, rig.inbox / name)
    filed = [rig.await_("photo.filed", path=name) for name in names]
    settled = [rig.await_("photo.settled", path=name) for name in names]
    wall_s = max(map(said_s, filed)) - min(map(said_s, settled))
    stages_s = {
        stage: mean(one["stages_s"].get(stage, 0.0) for one in filed)
        for stage in filed[0]["stages_s"]
    }
    return Batch(workers, count, wall_s, stages_s, (family_cpu_s(rig.pid) - before_s) / count)


def table(figures: Throughput) -> Table:
    """One row per number of workers."""
    shown = Table(title=f"Photos per minute ({figures.megapixels:.2g} MP each, there at once)")
    headings = ("workers", "photos", "a minute", "ratio", "stages, s", "processor, s", "overhead")
    for heading in headings:
        shown.add_column(heading, justify="right")
    alone = median(batch.per_minute for batch in figures.of(1))
    for workers in (1, 2):
        batches = figures.of(workers)
        rate = median(batch.per_minute for batch in batches)
        shown.add_row(
            str(workers),
            str(sum(batch.photos for batch in batches)),
            f"{rate:.1f}",
            f"{rate / alone:.2f}",
            f"{median(batch.work_s for batch in batches):.3f}",
            f"{median(batch.cpu_s for batch in batches):.3f}",
            f"{median(batch.overhead for batch in batches):.2f}",
        )
    first = figures.of(1)[0]
    told = (f"{stage} {1000 * took_s:.1f}" for stage, took_s in first.stages_s.items())
    shown.caption = f"One at a time, ms: {', '.join(told)}"
    return shown
