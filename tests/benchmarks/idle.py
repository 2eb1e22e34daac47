"""What the daemon takes while nothing happens, with many photos lying in the watched folder."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from daemon.intake.ignore import Rule
from daemon.intake.scan import scan
from daemon.ledger import Ledger
from tests.benchmarks.effort import Effort
from tests.benchmarks.processes import cpu_s, processes
from tests.benchmarks.rig import Rig, running
from tests.stubs.harness import write_photo


@dataclass(frozen=True, slots=True)
class Idle:
    """Processor time by kind of process, as a share of one core."""

    known: int
    seconds: float
    shares: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.shares.values())


def measure(effort: Effort, root: Path, *, stubbed: bool = False) -> Idle:
    """Every file is in the ledger as filed; one more is done first, so that all is running."""
    rig = Rig(root / "idle", workers=1, stubbed=stubbed)
    photo = write_photo(root / "known.png")
    for number in range(effort.known):
        shutil.copyfile(photo, rig.inbox / f"{number}.png")
    _remember(rig)
    with running(rig):
        rig.file(photo, "last.png")
        time.sleep(effort.rest_s)
        before = _taken(rig)
        time.sleep(effort.idle_s)
        after = _taken(rig)
        assert len(rig.said("photo.settled")) == 1, "the known photos were not known"
    shares = {role: (after[role] - before[role]) / effort.idle_s for role in before}
    return Idle(effort.known, effort.idle_s, shares)


def _remember(rig: Rig) -> None:
    """Note all that lies in the inbox as filed."""
    found = scan(str(rig.inbox.resolve()), recursive=True, rule=Rule())
    (rig.root / "state").mkdir()
    with Ledger.open(rig.root / "state" / "ledger.sqlite") as ledger:
        for photo in ledger.notice_all(found.sightings, time.time()):
            ledger.filed(photo.id, dispose=False, now_s=time.time())


def _taken(rig: Rig) -> dict[str, float]:
    return {role: sum(map(cpu_s, pids)) for role, pids in processes(rig.pid).items()}


def table(figures: Idle) -> Table:
    """One row per kind of process."""
    shown = Table(title=f"Idle for {figures.seconds:g} s, {figures.known} known photos lying there")
    shown.add_column("process", min_width=20)
    shown.add_column("processor time, share of a core", justify="right")
    for role, share in figures.shares.items():
        shown.add_row(role, f"{share:.2%}")
    shown.add_section()
    shown.add_row("all", f"{figures.total:.2%}")
    return shown
