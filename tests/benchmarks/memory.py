"""Whether memory grows from photo to photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from tests.benchmarks.effort import Effort
from tests.benchmarks.processes import processes, resident_mib
from tests.benchmarks.rig import Rig, running

_ROLES = ("daemon", "photo", "engine")
_BURST = 20
_FEWEST = 20
"""Photos; before that the growth is the warming up of caches and heaps."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Resident memory of each kind of process."""

    engine: str
    photos: int
    """Between ``warm`` and ``after``."""
    start_mib: dict[str, float]
    """Before the first photo; there is no photo process then."""
    warm_mib: dict[str, float]
    after_mib: dict[str, float]

    def per_photo_kib(self, role: str) -> float:
        """Growth from photo to photo once warm."""
        return 1024 * (self.after_mib[role] - self.warm_mib[role]) / self.photos


def measure(effort: Effort, photo: Path, root: Path) -> tuple[Growth, ...]:
    """Small photos: the daemon alone with the stub engine, and all of it with the real one."""
    return (
        watch(Rig(root / "stubbed", workers=1, stubbed=True), photo, effort.stubbed, "stub"),
        watch(Rig(root / "matted", workers=1), photo, effort.matted, "real"),
    )


def watch(rig: Rig, photo: Path, count: int, engine: str) -> Growth:
    with running(rig):
        start = _resident(rig)
        warm_up = max(5, count // 4)
        _file(rig, photo, range(warm_up))
        warm = _resident(rig)
        _file(rig, photo, range(warm_up, warm_up + count))
        return Growth(engine, count, start, warm, _resident(rig))


def _file(rig: Rig, photo: Path, numbers: range) -> None:
    """In bursts, so that no wait for the last of them is long."""
    for start in range(numbers.start, numbers.stop, _BURST):
        names = [f"{number}.jpg" for number in range(start, min(start + _BURST, numbers.stop))]
        for name in names:
            rig.move_in(photo, name)
        for name in names:
            rig.await_("photo.filed", path=name)


def _resident(rig: Rig) -> dict[str, float]:
    found = processes(rig.pid)
    return {role: sum(map(resident_mib, found.get(role, []))) for role in _ROLES}


def table(figures: tuple[Growth, ...]) -> Table:
    """One row per engine and kind of process."""
    shown = Table(title="Resident memory (MiB), small photos one after the other")
    for heading in ("engine", "process", "at start", "warm", "after", "photos", "KiB per photo"):
        shown.add_column(heading, justify="right")
    for one in figures:
        for role in _ROLES:
            shown.add_row(
                one.engine,
                role,
                *(f"{m[role]:.1f}" for m in (one.start_mib, one.warm_mib, one.after_mib)),
                str(one.photos),
                f"{one.per_photo_kib(role):+.1f}" if one.photos >= _FEWEST else "too few",
            )
        shown.add_section()
    return shown
