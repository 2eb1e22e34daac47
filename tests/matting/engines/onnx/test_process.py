"""The engine that runs ONNX networks in a process of its own, as the daemon has it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import networks
import numpy as np
import pytest
from harness import wait_until
from laboratory import ROOT
from networks import constant, in_a_process, network, node, picture

from matting.engines import tensorflow
from matting.networks.recipe import BSHM, Recipe
from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec


def test_nothing_is_reported_to_the_makers_of_onnx_runtime(tmp_path):
    """Importing it otherwise leaves an identifier and a queue of reports in the home directory."""
    home = tmp_path / "home"
    home.mkdir()
    path = tmp_path / "red.onnx"
    path.write_bytes(networks.bshm())
    said = in_a_process(f"load({{'model': {str(path)!r}, 'device': 'cpu'}})", HOME=str(home))
    assert said.returncode == 0, said.stderr
    assert list(home.rglob("*")) == []


@pytest.fixture
def host(tmp_path):
    """The engine as the daemon runs it."""
    hosts = []

    def start(data, recipe):
        folder = tmp_path / str(len(hosts))
        folder.mkdir()
        (folder / "network.onnx").write_bytes(data)
        options = {"model": str(folder / "network.onnx"), "recipe": recipe.to_json()}
        spec = EngineSpec("onnx", options | {"device": "cpu"})
        hosts.append(EngineHost(spec, folder / "engine", lambda _name, _facts: None))
        hosts[-1].start()
        return hosts[-1]

    yield start
    for each in hosts:
        each.stop()


def ask(host, pixels, photo="1"):
    with connect(host.socket_path, wait_s=5) as engine:
        return engine.matte(pixels, photo=photo, timeout_s=20, queue_timeout_s=20)


def test_two_models_do_not_answer_for_each_other(host):
    red, inverted = host(networks.bshm(), BSHM), host(networks.bshm(-1, 255), BSHM)
    pixels = picture(20, 30)
    for engine, expected in [(red, pixels), (inverted, 255 - pixels), (red, pixels)]:
        alpha = ask(engine, pixels).alpha
        assert np.array_equal(alpha, tensorflow.RESCALED[expected[:, :, 0]])


def test_three_hundred_photos_of_changing_sizes_leave_the_memory_flat(host):
    """Layers wide enough that keeping what one photo needed would show at the next."""
    layers = [
        node("Conv", "x first", "wide", pads=[1] * 4),
        node("Relu", "wide", "kept"),
        node("Conv", "kept last", "y", pads=[1] * 4),
    ]
    weights = [constant("first", np.ones((16, 3, 3, 3))), constant("last", np.ones((1, 16, 3, 3)))]
    engine = host(network(layers, constants=weights), Recipe())
    sizes = np.random.default_rng(5).integers(100, 500, (300, 2))
    with connect(engine.socket_path, wait_s=5) as client:
        for number, (height, width) in enumerate(sizes):
            pixels = np.zeros((height, width, 3), np.uint8)
            client.matte(pixels, photo=str(number), timeout_s=20, queue_timeout_s=20)
            if number == 60:
                before = resident(engine.hello["pid"])
    assert resident(engine.hello["pid"]) == pytest.approx(before, rel=0.05)


def resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


def test_an_engine_that_was_killed_is_back_for_the_next_photo(host):
    engine = host(networks.bshm(), BSHM)
    first = engine.hello["pid"]
    os.kill(first, signal.SIGKILL)
    assert ask(engine, picture(9, 7)).alpha.shape == (9, 7)
    # The new process listens a moment before the host has read its hello.
    wait_until(lambda: engine.hello["pid"] != first)


def test_an_onnx_runtime_older_than_what_was_tried_is_refused_in_a_line(tmp_path):
    """An interpreter of one's own (engine.python) knows nothing of our requirements."""
    old = tmp_path / "site" / "onnxruntime"
    (old / "capi").mkdir(parents=True)
    (old / "__init__.py").write_text("__version__ = '1.24.4'")
    (old / "capi" / "__init__.py").touch()
    (old / "capi" / "onnxruntime_pybind11_state.py").touch()
    path = tmp_path / "red.onnx"
    path.write_bytes(networks.bshm())
    said = in_a_process(
        f"load({{'model': {str(path)!r}, 'device': 'cpu'}})",
        PYTHONPATH=f"{tmp_path / 'site'}:{ROOT}",
    )
    assert "its ONNX Runtime is 1.24.4, and 1.31 or later is needed" in said.stderr
