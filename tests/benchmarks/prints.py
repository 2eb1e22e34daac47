"""How well prints are found on scans: composed ones, of which the truth is known exactly.

    python -m tests.benchmarks.prints                the figures of docs/prints.md
    python -m tests.benchmarks.prints --scans 20     fewer scans
    python -m tests.benchmarks.prints --only-large   the time for an A4 scan of 600 dpi

Half of the seeds and half of the photographed persons were set aside: nothing was tuned on them. A
print is found if its box and the true one share 85 % of what both cover (IoU).
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from daemon.prints import cutting, find
from daemon.prints.rectangle import Rectangle
from tests.stubs.composed_scans import Scan, composed, iou

_SHARED = Path(__file__).parents[3] / "shared"
_OUT = Path("bench-out") / "prints"
_FOUND = 0.85
_SAME = 0.3
_SHOWN = 24
_SETS = ("tuned on", "set aside")


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What was found on one scan."""

    scan: Scan
    prints: tuple[Rectangle, ...]
    doubt: str | None
    ious: tuple[float, ...]
    """Of each true print, with what was found of it; 0 for nothing."""
    took_s: float

    @property
    def hits(self) -> int:
        """How many were found."""
        return sum(each >= _FOUND for each in self.ious)


def main(
    scans: Annotated[int, typer.Option(help="How many, in each half.")] = 100,
    *,
    only_large: Annotated[bool, typer.Option(help="Only time a scan of 35 megapixels.")] = False,
) -> None:
    """Print the figures, and lay a contact sheet into bench-out/prints."""
    console = Console()
    if not only_large:
        table = Table("", "scans", "count right", "declined", "IoU", f"F1 at {_FOUND}", "s a scan")
        for half, name in enumerate(_SETS):
            photos = _photos(half)
            results = [_tried(composed(2 * n + half, photos)) for n in range(scans)]
            table.add_row(name, *_row(results))
            _sheet(results, _OUT / f"{name.replace(' ', '-')}.jpg")
        console.print(table)
    scan = composed(4, _photos(0), dpi=600, count=6)
    result = _tried(scan)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = f"{scan.pixels.shape[1]} x {scan.pixels.shape[0]}"
    console.print(
        f"{size}: {result.took_s:.1f} s to find and cut {len(result.prints)} prints,"
        f" IoU {np.mean(result.ious):.4f}; peak of this process {peak:.0f} MB"
    )


def _photos(half: int) -> list[NDArray[np.uint8]]:
    files = sorted((_SHARED / "training" / "people").glob("*.jpg"))[half::2][:80]
    if not files:
        raise SystemExit(f"photos of people are needed in {_SHARED / 'training' / 'people'}")
    found = []
    for file in files:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
        scale = min(1.0, 900 / max(picture.shape))
        size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        found.append(np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8))
    return found


def _tried(scan: Scan) -> Result:
    began_s = time.process_time()
    scale = max(1.0, max(scan.pixels.shape[:2]) / find.LONG_SIDE)
    size = round(scan.pixels.shape[1] / scale), round(scan.pixels.shape[0] / scale)
    small = np.asarray(cv2.resize(scan.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    layout = find.find(small)
    prints = () if layout.doubt else cutting.sharpened(scan.pixels, layout, scale)
    for one in prints:
        cutting.cut(scan.pixels, one)
    took_s = time.process_time() - began_s
    return Result(scan, prints, layout.doubt, _matched(scan, prints), took_s)


def _matched(scan: Scan, prints: Sequence[Rectangle]) -> tuple[float, ...]:
    left, found = [one.corners.astype(np.float32) for one in prints], []
    for true in (one.corners(scan.per_mm) - 0.5 for one in scan.prints):
        shares = [iou(true, each) for each in left]
        best = max(shares, default=0.0)
        found.append(best)
        if best > _SAME:
            del left[shares.index(best)]
    return tuple(found)


def _row(results: Sequence[Result]) -> tuple[str, ...]:
    right = np.mean([len(each.prints) == len(each.scan.prints) for each in results])
    declined = sum(each.doubt is not None for each in results)
    true = sum(len(each.scan.prints) for each in results)
    told = sum(len(each.prints) for each in results)
    hits = sum(each.hits for each in results)
    matched = [share for each in results for share in each.ious if share > _SAME]
    took_s = np.mean([each.took_s for each in results])
    return (
        str(len(results)),
        f"{right:.1%}",
        str(declined),
        f"{np.mean(matched):.4f}",
        f"{2 * hits / (true + told):.3f}",
        f"{took_s:.2f}",
    )


def _sheet(results: Sequence[Result], path: Path) -> None:
    """A contact sheet, the worst first: what was found in red, the truth in green."""
    worst = sorted(results, key=lambda each: (each.hits - len(each.scan.prints), each.doubt or ""))
    tiles = [_tile(each) for each in worst[:_SHOWN]]
    rows = [np.hstack(tiles[at : at + 6]) for at in range(0, len(tiles) - len(tiles) % 6, 6)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if rows:
        cv2.imwrite(str(path), np.vstack(rows)[:, :, ::-1])


def _tile(result: Result) -> NDArray[np.uint8]:
    shown = result.scan.pixels.copy()
    for one in result.scan.prints:
        corners = np.round(one.corners(result.scan.per_mm)).astype(np.int32)
        cv2.polylines(shown, [corners], isClosed=True, color=(0, 200, 0), thickness=9)
    for one_ in result.prints:
        corners = np.round(one_.corners).astype(np.int32)
        cv2.polylines(shown, [corners], isClosed=True, color=(230, 0, 0), thickness=4)
    tile = np.asarray(cv2.resize(shown, (310, 438), interpolation=cv2.INTER_AREA), np.uint8)
    if result.doubt:
        cv2.putText(tile, result.doubt[:46], (4, 430), 0, 0.36, (255, 0, 255), 1, cv2.LINE_AA)
    return tile


if __name__ == "__main__":
    typer.run(main)
