"""The benchmarks measure what they say; on tiny input, since figures are not what is tested."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from tests.benchmarks import (
    house,
    idle,
    latency,
    limit,
    memory,
    scale,
    stages,
    start,
    throughput,
)
from tests.benchmarks.effort import QUICK
from tests.benchmarks.photos import make_photos
from tests.benchmarks.processes import cpu_s, forget_peak, peak_mib, processes, resident_mib
from tests.benchmarks.rig import Arrival, Rig, running
from tests.stubs.harness import write_photo

TINY = replace(QUICK, arrivals=1, known=5, idle_s=0.5, rest_s=0)


def test_a_photo_is_made_at_every_size_in_its_own_proportions(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    write_photo(tmp_path / "given" / "small.png", size=(20, 20))
    write_photo(tmp_path / "given" / "large.png", size=(300, 200))
    made = make_photos(tmp_path, (0.015, 0.24), tmp_path / "given")
    shapes = {size: np.asarray(cv2.imread(str(path))).shape for size, path in made.items()}
    assert shapes == {0.015: (100, 150, 3), 0.24: (400, 600, 3)}


def test_processor_time_is_that_of_the_process_and_its_threads_alone() -> None:
    spinner = "import time\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", spinner], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        before_s = cpu_s(child.pid)
        time.sleep(0.2)
        assert cpu_s(child.pid) - before_s < 0.05
        assert 0.3 <= before_s < 0.6
        child.kill()


def test_the_peak_is_the_peak_since_it_was_forgotten() -> None:
    pid = os.getpid()
    forget_peak(pid)
    before = peak_mib(pid)
    hundred = np.ones(100 << 20, np.uint8)
    del hundred
    assert 95 < peak_mib(pid) - before < 130
    forget_peak(pid)
    assert peak_mib(pid) == pytest.approx(resident_mib(pid), abs=20)


def test_an_arrival_adds_up() -> None:
    one = Arrival(
        written_s=100.0,
        settled_s=100.31,
        filed_s=101.0,
        settle_s=0.3,
        stages_s={"read": 0.1, "decode": 0.5},
    )
    assert one.noticing_s == pytest.approx(0.01)
    assert one.handling_s == pytest.approx(0.09)


def test_processes_are_told_apart_and_stages_and_memory_are_read(tmp_path: Path) -> None:
    with running(Rig(tmp_path / "rig", workers=1, stubbed=True)) as rig:
        photo = write_photo(tmp_path / "a.png", size=(320, 240))
        first = rig.file(photo, "first.png")
        taken = stages.take(rig, photo, "a.png")
        assert {role: len(pids) for role, pids in processes(rig.pid).items()} == {
            "daemon": 1,
            "engine": 1,
            "tracker": 1,
            "photo": 1,
        }
        again = stages.take(rig, photo, "b.png")
    assert set(stages.STAGES) >= set(taken.arrival.stages_s)
    assert again.arrival.noticing_s > 0
    assert again.arrival.handling_s > 0
    assert 0 < again.cpu_s < 60
    summary = stages.summary(0.08, [taken, again])
    shown = _shown(stages.table(stages.Stages((summary,), first.stages_s, first.handling_s)))
    assert "foreground" in shown


def test_latency_idle_and_memory_are_measured_and_shown(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.jpg")
    latencies = latency.measure(TINY, tmp_path)
    rested = idle.measure(TINY, tmp_path, stubbed=True)
    grown = memory.watch(Rig(tmp_path / "m", workers=1, stubbed=True), photo, 2, "stub")
    assert all(0 < one.noticing_ms < 2000 for one in latencies)
    assert 0 <= rested.shares["daemon"] < 0.5
    assert grown.after_mib["photo"] > 30
    assert json.loads(json.dumps(asdict(grown)))["photos"] == 2
    for table in (latency.table(latencies), idle.table(rested), memory.table((grown,))):
        assert len(_shown(table).splitlines()) > 4


def test_overhead_is_time_per_photo_and_worker_over_its_stages() -> None:
    stages_s = {"decode": 0.5, "encode": 1.5}
    alone = throughput.Batch(workers=1, photos=6, wall_s=12.0, stages_s=stages_s, cpu_s=3.0)
    both = throughput.Batch(workers=2, photos=6, wall_s=9.0, stages_s=stages_s, cpu_s=3.0)
    assert (alone.overhead, alone.per_minute) == (1.0, 30.0)
    assert (both.overhead, both.per_minute) == (1.5, 40.0)
    shown = _shown(throughput.table(throughput.Throughput(6.0, (alone, both, alone, both))))
    assert "1.33" in shown
    assert "decode 500.0, encode 1500.0" in shown


def _shown(table: object) -> str:
    paper = io.StringIO()
    Console(width=120, file=paper).print(table)
    return paper.getvalue()


def test_the_house_is_measured_as_it_is(tmp_path: Path) -> None:
    """Two rooms and a loose module; comments count, words in a text do not."""
    for path, text in {
        "daemon/a/__init__.py": '"""Room a."""\n',
        "daemon/a/one.py": "from daemon.b import two\nimport matting.c\n\n\ndef f():\n    pass\n",
        "daemon/b/two.py": '"""noqa"""\nfrom daemon.a.one import f  # noqa: F401\n',
        "matting/c.py": "import os\n",
        "tests/test_c.py": "x = 1  # type: ignore[misc]\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = house.measure(tmp_path)
    assert (found.modules.count, found.modules.longest, found.modules.which) == (
        4, 6, "daemon/a/one.py",
    )  # fmt: skip
    assert (found.functions.count, found.functions.longest) == (1, 2)
    assert (found.rooms, found.arrows) == (3, 3)
    assert found.circles == ("daemon.a <-> daemon.b",)
    assert (found.noqas, found.type_ignores, found.test_type_ignores) == (1, 0, 1)


def test_the_limit_is_less_than_the_whole(tmp_path: Path, people_network: Path) -> None:
    del people_network  # it has to be there
    made = make_photos(tmp_path, (1.2,))
    (size,) = limit.measure(replace(TINY, megapixels=(1.2,), rounds=3), made, tmp_path).sizes
    assert all(took.cpu_s > 0 for took in size.limit + size.whole)
    assert size.ratio("cpu_s") > 1  # the median: one may meet other work
    assert "1.2" in _shown(limit.table(limit.Limit((size,))))


def test_a_start_and_a_small_scale_are_measured(tmp_path: Path, people_network: Path) -> None:
    del people_network
    made = make_photos(tmp_path, (0.05,))
    began = start.measure(replace(TINY, starts=1), 0.05, made[0.05], tmp_path)
    assert began.runs[0].cpu_s > 0
    assert 30 < began.runs[0].peak_mib < 2000
    found = scale.measure(replace(TINY, filed=300, files=20), tmp_path)
    assert found.files == 20
    assert all(took_ms > 0 for took_ms in found.asked_ms.values())
    assert "claim" in _shown(scale.table(found))
