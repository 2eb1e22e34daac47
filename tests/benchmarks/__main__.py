"""Measure the real daemon: ``make bench``, or ``QUICK=1 make bench`` for a minute's worth."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tests.benchmarks import idle, latency, limit, memory, peer, scale, stages, start, throughput
from tests.benchmarks.effort import FULL, QUICK
from tests.benchmarks.photos import make_photos

_OUT = Path("bench-out")
_SMALL_MEGAPIXELS = 0.1


def main(
    photos: Annotated[
        Path | None, typer.Option(envvar="PHOTOS", help="A folder: its largest photo is used.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this; may be repeated.")] = None,
    *,
    quick: Annotated[bool, typer.Option(envvar="QUICK", help="As much as fits a minute.")] = False,
    beside: Annotated[
        bool, typer.Option("--peer", envvar="PEER", help="Beside rembg, which is installed.")
    ] = False,
) -> None:
    """Measure where the daemon's time goes, print tables, write figures to bench-out/bench.json.

    (`matted bench` is another thing: it compares engines on your photos.)
    """
    effort = QUICK if quick else FULL
    console = Console()
    figures: dict[str, Any] = {"effort": asdict(effort), "cores": os.cpu_count()}
    _OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_OUT) as root_name:
        root = Path(root_name).resolve()
        sizes = {*effort.megapixels, effort.batch_megapixels, _SMALL_MEGAPIXELS}
        made = make_photos(root, sizes, photos)
        batch, small = made[effort.batch_megapixels], made[_SMALL_MEGAPIXELS]
        first = min(effort.megapixels)
        measures: dict[str, tuple[Callable[[], Any], Callable[[Any], Table]]] = {
            "stages": (lambda: stages.measure(effort, made, root), stages.table),
            "throughput": (lambda: throughput.measure(effort, batch, root), throughput.table),
            "latency": (lambda: latency.measure(effort, root), latency.table),
            "idle": (lambda: idle.measure(effort, root), idle.table),
            "memory": (lambda: memory.measure(effort, small, root), memory.table),
            "limit": (lambda: limit.measure(effort, made, root), limit.table),
            "start": (lambda: start.measure(effort, first, made[first], root), start.table),
            "tiny": (lambda: throughput.measure_tiny(effort, root), throughput.table),
            "scale": (lambda: scale.measure(effort, root), scale.table),
            "peer": (lambda: peer.measure(effort, root), peer.table),
        }
        for name in only or [name for name in measures if beside or name != "peer"]:
            measure, table = measures[name]
            began_s = time.monotonic()
            with console.status(f"{name} ..."):
                found = measure()
            figures[name] = _plain(found)
            console.print(table(found), f"[dim]{time.monotonic() - began_s:.0f} s[/dim]\n")
    (_OUT / "bench.json").write_text(json.dumps(figures, indent=1))
    console.print(f"All figures: {_OUT / 'bench.json'}", highlight=False)


def _plain(found: Any) -> Any:
    return [asdict(one) for one in found] if isinstance(found, tuple) else asdict(found)


if __name__ == "__main__":
    typer.run(main)
