"""A studio's day: sixty photos of mixed quality through the real daemon and the default engine.

`python -m tests.benchmarks.day [--photos N]` copies them in, compares what was flagged with the
truth, has three redone, and makes sure that manifest, metrics, `matted status` and disk agree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from daemon.bench.measures import distance, soft_error
from tests.benchmarks.flag_sets import Case, cases

_CONSOLE = Console(highlight=False, soft_wrap=True)
_COMPOSED = Path("bench-out/flags")
_WORST_IOU, _WORST_SOFT = 0.9, 0.25
_PHOTO_S = 60.0
Facts = dict[str, Any]


class Day:
    """A daemon with its folders, and what it is asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.inbox, self.results = root / "inbox", root / "results"
        self.inbox.mkdir()
        self.config = root / "matted.yaml"
        settings = {
            "state_dir": "state",
            "folders": [{"watch": "inbox", "results": "results"}],
            "manifest": True,
            "metrics": {"textfile": "matted.prom", "every_s": 1},
        }
        self.config.write_text(yaml.safe_dump(settings))

    def matted(self, verb: str, *words: str) -> str:
        """What a verb says."""
        command = [sys.executable, "-m", "daemon", verb, *words, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def status(self) -> Facts:
        """As `matted status --json` tells it; nothing before the daemon has run."""
        told = self.matted("status", "--json")
        return dict(json.loads(told)) if told else {}

    def await_(self, photos: int) -> None:
        """Until so many were filed in this run and nothing is open."""
        until_s = time.monotonic() + _PHOTO_S * photos
        while self._count("matted_filed_total") + self._count("matted_quarantined_total") < photos:
            assert time.monotonic() < until_s, self.status()
            time.sleep(2)

    def metrics(self) -> dict[str, float]:
        """The figures without labels, and photos by state."""
        path = self.root / "matted.prom"
        text = path.read_text() if path.exists() else ""
        return {
            sample.name + sample.labels.get("state", ""): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def _count(self, name: str) -> float:
        return self.metrics().get(name, 0.0)

    def manifest(self) -> list[Facts]:
        """All its lines, of all days: the work may go on past midnight."""
        paths = sorted(self.results.glob("*/manifest.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the day; 1 if any two accounts of it disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=60)
    wanted = parser.parse_args(arguments).photos
    known = cases(_COMPOSED)
    chosen = [*known["with reference"], *known["composed"]][:wanted]
    with tempfile.TemporaryDirectory() as made:
        day = Day(Path(made))
        command = [sys.executable, "-m", "daemon", "run", "--config", str(day.config)]
        with (day.root / "log").open("w") as log, subprocess.Popen(command, stderr=log) as daemon:
            try:
                return _run(day, chosen)
            finally:
                daemon.terminate()


def _run(day: Day, chosen: list[Case]) -> int:
    copies = {f"{number:02d}-{case.photo.name}": case for number, case in enumerate(chosen)}
    for name, case in copies.items():
        shutil.copy(case.photo, day.inbox / name)
    day.await_(len(chosen))
    first = {line["path"]: line for line in day.manifest()}
    judged = {name: _judged(day, first[name], case) for name, case in copies.items()}
    flagged = {name for name, line in first.items() if line["flags"]}
    _tell(judged, flagged)
    again = sorted(flagged)[:3]
    day.matted("redo", *(str(first[name]["photo"]) for name in again), "--profile", "old-photo")
    day.await_(len(chosen) + len(again))
    time.sleep(3)  # until the last figures are written
    faults = _disagreements(day, len(chosen), again)
    for fault in faults:
        _CONSOLE.print(f"DISAGREES: {fault}")
    if not faults:
        counts = f"{len(chosen)} photos, {len(again)} redone"
        _CONSOLE.print(f"{counts}; manifest, metrics, status and disk agree.")
    return int(bool(faults))


def _judged(day: Day, line: Facts, case: Case) -> bool:
    """Whether somebody has to look at the matte that was filed."""
    (name,) = (one["path"] for one in line["results"] if "_matte" in one["path"])
    alpha, truth = _grey(day.results / name), None if case.truth is None else _grey(case.truth)
    if truth is None:
        return bool((alpha > 32767).any())
    if alpha.shape != truth.shape:
        alpha = np.asarray(
            cv2.resize(alpha, truth.shape[::-1], interpolation=cv2.INTER_AREA), np.uint16
        )
    soft = soft_error(alpha, truth) or 0.0
    return distance(alpha, truth).iou < _WORST_IOU or soft > _WORST_SOFT


def _grey(path: Path) -> NDArray[np.uint16]:
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    assert pixels is not None, path
    scale = 257 if pixels.dtype == np.uint8 else 1
    return np.asarray(pixels, np.uint16) * np.uint16(scale)


def _tell(judged: dict[str, bool], flagged: set[str]) -> None:
    bad = {name for name, is_bad in judged.items() if is_bad}
    right = len(bad & flagged)
    _CONSOLE.print(
        f"{len(judged)} filed; {len(bad)} need a look, {len(flagged)} are flagged, {right} rightly"
    )
    if bad:
        _CONSOLE.print(
            f"recall {right / len(bad):.2f}, missed: {', '.join(sorted(bad - flagged)) or 'none'}"
        )
    if flagged:
        _CONSOLE.print(f"precision {right / len(flagged):.2f}")
    good = len(judged) - len(bad)
    _CONSOLE.print(f"false alarms {len(flagged - bad) / max(1, good):.2f} of {good} good ones")


def _disagreements(day: Day, photos: int, again: list[str]) -> list[str]:
    """Where two accounts of the day differ."""
    lines, metrics, status = day.manifest(), day.metrics(), day.status()
    faults = []
    for line in lines:
        for one in line["results"]:
            path = day.results / one["path"]
            if not path.is_file() or _sha256(path) != one["sha256"]:
                faults.append(f"{one['path']} is not what the manifest says")
    filings = photos + len(again)
    expected = {
        "lines of the manifest": (len(lines), filings),
        "redone lines": (sum(line["redone"] for line in lines), len(again)),
        "metrics, filed in this run": (metrics["matted_filed_total"], filings),
        "metrics, filed photos": (metrics["matted_photosfiled"], photos),
        "status, filed": (status["counts"]["filed"], photos),
        "status, filed today": (status["filed_today"], photos),
        "results on the disk": (
            sum(path.suffix == ".png" for path in day.results.rglob("*")),
            sum(len(line["results"]) for line in lines),
        ),
    }
    faults += [f"{what}: {a}, not {b}" for what, (a, b) in expected.items() if a != b]
    return faults


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
