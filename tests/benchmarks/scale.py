"""A ledger that has filed a million photos, and a folder that holds very many known files."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from daemon.intake.ignore import Rule
from daemon.intake.scan import scan
from daemon.intake.settle import Settling
from daemon.ledger import Ledger
from daemon.photo import Sighting, Version
from tests.benchmarks.effort import Effort

_FOLDER = "/srv/in"
_ROUNDS = 21


@dataclass(frozen=True, slots=True)
class Scale:
    """Milliseconds with a large ledger, and processor time of one scan."""

    filed: int
    asked_ms: dict[str, float]
    files: int
    scan_cpu_s: float


def measure(effort: Effort, root: Path) -> Scale:
    """Both."""
    folder = root / "many"
    folder.mkdir()
    for number in range(effort.files):
        (folder / f"{number}.jpg").write_bytes(b"x")
    settling = Settling(settle_s=0)
    _look(folder, settling)
    _look(folder, settling)
    began_s = time.process_time()
    found = _look(folder, settling)
    took_s = time.process_time() - began_s
    return Scale(effort.filed, _asked(effort.filed, root / "ledger.sqlite"), found, took_s)


def _look(folder: Path, settling: Settling) -> int:
    """One full scan, compared with what is known; how many photos there are."""
    seen = scan(str(folder), recursive=True, rule=Rule())
    for sighting in seen.sightings:
        settling.observe(sighting)
    settling.due()
    seen.missing(settling.paths(str(folder)))
    return len(seen.sightings)


def _asked(filed: int, path: Path) -> dict[str, float]:
    Ledger.open(path).close()
    _fill(path, filed)
    now_s = time.time()
    with Ledger.open(path) as ledger:
        numbers = iter(range(1, 1 << 30))

        def settle() -> None:
            number = next(numbers)
            version = Version(1, 2 * filed + number, 5, 6)
            ledger.notice(Sighting(_FOLDER, b"new%d.jpg" % number, version, 0.0), now_s)

        asked: dict[str, Callable[[], object]] = {
            "settle": settle,
            "claim": lambda: ledger.claim(now_s + 1),
            "status: counts": ledger.counts,
            "status: today": lambda: ledger.count_filed_since(filed - 100),
            "what is due next": ledger.next_due_s,
            "duplicates of a size": lambda: ledger.filed_contents(_FOLDER, 1_000_017),
        }
        return {name: _median_ms(ask) for name, ask in asked.items()}


def _median_ms(ask: Callable[[], object]) -> float:
    took_ms = []
    for _ in range(_ROUNDS):
        began_s = time.perf_counter()
        ask()
        took_ms.append((time.perf_counter() - began_s) * 1e3)
    return median(took_ms)


def _fill(path: Path, filed: int) -> None:
    """Write photos that were filed one a second; in the order of their contents, which is quick."""
    until = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {filed:d}"  # noqa: S608 - a number
    numbers = f"WITH RECURSIVE n (i) AS ({until})"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(
            f"PRAGMA synchronous = OFF; BEGIN; {numbers}"  # noqa: S608 - our own numbers
            " INSERT INTO photo (folder, path, device, inode, size_bytes, mtime_ns, first_seen_s,"
            " state, due_s, changed_s, attempts, tries, sha256, filed, filed_on)"
            f" SELECT CAST('{_FOLDER}' AS BLOB), CAST(printf('p%09d.jpg', i) AS BLOB), 1, i,"
            " 1000000 + i / 200, i, i, 'filed', i, i, 1, 1, printf('%064x', i), '{}', '2026-01-01'"
            " FROM n;"
            " INSERT INTO name SELECT CAST('/srv/out' AS BLOB),"
            " CAST(printf('2026/p%09d_matte.png', id) AS BLOB), id, 0 FROM photo; COMMIT;"
        )


def table(figures: Scale) -> Table:
    """Downwards what was asked."""
    shown = Table(
        title=f"A ledger of {figures.filed:,} filed photos; {figures.files:,} known files"
    )
    shown.add_column("")
    shown.add_column("median", justify="right")
    for name, took_ms in figures.asked_ms.items():
        shown.add_row(name, f"{took_ms:.2f} ms")
    shown.add_row("one scan, processor", f"{figures.scan_cpu_s:.2f} s")
    return shown
