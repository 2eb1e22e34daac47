"""The GPU's benchmark, on the processor: it is run where nobody can mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from laboratory import Laboratory
from typer.testing import CliRunner

from daemon.engine.parity import Compared
from matting.engines import cuda
from tests.benchmarks import gpu
from tests.benchmarks.gpu_memory import watched
from tests.benchmarks.photos import sized

PAGE = Path(__file__).resolve().parents[1] / "docs" / "gpu.md"


def test_the_pipeline_and_the_engine_alone_are_measured_and_shown(
    laboratory: Callable[[str], Laboratory], tmp_path: Path
) -> None:
    lab = laboratory("tf2")
    network = tmp_path / "network.onnx"
    assert lab.ask("convert", source=lab.graph("untrained"), target=str(network)) is None
    (tmp_path / "place").mkdir()
    sizes = (gpu.Size(90, 60, 1.8), gpu.Size(61, 93, None))
    contender = gpu.Contender("onnx", network, None, "cpu")
    report = gpu.measure(contender, sizes, 1, tmp_path / "place")
    assert [figure.size for figure in report.figures] == list(sizes)
    for figure in report.figures:
        assert 0 < figure.stages_s["matte"] < figure.whole_s
        assert figure.network_s is not None
    assert json.loads(json.dumps(asdict(report)))["hello"]["device"] == "cpu"
    shown = gpu.markdown(report)
    assert "| 90x60 | 1.8 | " in shown
    assert "untrained" in shown


def test_what_does_not_fit_and_what_nobody_counted_is_said() -> None:
    figure = gpu.Figure(gpu.SIZES[-1], 5, 3.0, {"matte": 0.5}, None, None, 512.4)
    beside = Compared("4000x6000.jpg", (4000, 6000), 2, (1, 1), 0.0125, 255, (0.1, 1.0))
    hello = {"framework": "f", "device": "d", "model": "m"}
    shown = gpu.markdown(gpu.Report(hello, (figure,), beside))
    assert "| 4000x6000 | - | 3.00 | 0.50 | - | does not fit | 512 |" in shown
    assert "alpha is off by 2 of 255 at most, and differs at all in 1.250% of" in shown


def test_tables_replace_those_of_the_last_time() -> None:
    page = PAGE.read_text("utf-8")
    once = gpu.inserted(page, "one table\n")
    twice = gpu.inserted(once, "another table\n")
    assert "Not yet" not in once
    assert "one table" not in twice
    assert twice.count("another table") == 1
    assert twice.startswith(page.partition(gpu.BEGIN)[0])


def test_without_a_gpu_it_refuses_in_one_line() -> None:
    if cuda.look().gpus:
        pytest.skip("this machine has a GPU")
    done = CliRunner().invoke(gpu.command(), ["--check"])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("there is no GPU to measure here: driver: ")
    assert "DEVICE=cpu QUICK=1 make gpu-bench" in line


def test_a_photo_is_cut_to_a_size_without_being_squeezed() -> None:
    columns = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
    photo = np.dstack([columns] * 3)
    assert sized(photo, 30, 60).shape == (60, 30, 3)
    middle = sized(photo, 100, 100)
    assert np.array_equal(middle[0, :, 0], np.arange(50, 150))
    assert sized(photo, 333, 111).shape == (111, 333, 3)


def test_memory_that_nobody_counts_is_not_zero() -> None:
    with watched(None) as peak:
        pass
    assert peak.mib is None
