"""How long a photo waits that nothing is to be waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from tests.benchmarks.effort import Effort
from tests.benchmarks.rig import Arrival, Rig, running
from tests.stubs.harness import write_photo


@dataclass(frozen=True, slots=True)
class Latency:
    """Photos that arrived in one way; milliseconds."""

    how: str
    photos: int
    noticing_ms: float
    """Median from the last byte to settled, less settle_s."""
    noticing_most_ms: float
    handling_ms: float
    """Median from settled to filed, less the stages."""
    handling_most_ms: float


def measure(effort: Effort, root: Path) -> tuple[Latency, ...]:
    """Small photos, one after the other, with the stub engine."""
    with running(Rig(root / "latency", workers=1, stubbed=True)) as rig:
        photo = write_photo(root / "small.png")
        rig.file(photo, "first.png")
        ways: dict[str, Callable[[Path, str], float]] = {
            "written in place": rig.write,
            "renamed into place": rig.move_in,
        }
        return tuple(_arrivals(rig, photo, how, way, effort) for how, way in ways.items())


def _arrivals(
    rig: Rig, photo: Path, how: str, way: Callable[[Path, str], float], effort: Effort
) -> Latency:
    arrived: list[Arrival] = []
    for number in range(effort.arrivals):
        name = f"{how} {number}.png"
        arrived.append(rig.arrival(name, way(photo, name)))
    noticing = [1000 * one.noticing_s for one in arrived]
    handling = [1000 * one.handling_s for one in arrived]
    return Latency(
        how, len(arrived), median(noticing), max(noticing), median(handling), max(handling)
    )


def table(figures: tuple[Latency, ...]) -> Table:
    """One row per way of arriving."""
    shown = Table(title="Latency of intake and filing, without settle_s and stages (ms)")
    for heading in ("photos", "last byte to settled", "at most", "settled to filed", "at most"):
        shown.add_column(heading, justify="right")
    shown.columns[0].justify, shown.columns[0].no_wrap = "left", True
    for one in figures:
        shown.add_row(
            f"{one.photos} {one.how}",
            *(
                f"{value:.1f}"
                for value in (
                    one.noticing_ms,
                    one.noticing_most_ms,
                    one.handling_ms,
                    one.handling_most_ms,
                )
            ),
        )
    return shown
