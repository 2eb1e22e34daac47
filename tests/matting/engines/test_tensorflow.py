"""The engine that runs frozen graphs, under every TensorFlow that is at hand."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from harness import wait_until

from matting.errors import EngineLost
from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec

BAD = {
    "no input": "it has no tensor input_image:0",
    "no output": "it has no tensor output_png:0",
    "nothing": "it is no TensorFlow graph",
    "of bytes": "input_image:0 is not float32",
    "of floats": "output_png:0 is float32, not uint8",
    "of one size": "input_image:0 is (64, 64, 3), not (any, any, 3)",
    "without alpha": "output_png:0 is (any, any, 3), not (height, width, 4)",
    "halved": "it answers (24, 64, 4) to (48, 64, 3)",
    "constant input": "input_image is a Const, not a Placeholder",
    "reading": "operations that no matting network needs: ReadFile (",
    "writing": "operations that no matting network needs: WriteFile (",
    "calling python": "operations that no matting network needs: PyFunc (",
    "hidden in a function": "operations that no matting network needs: ReadFile (innocent/secret)",
    "variable": "it is not frozen: it has variables",
    "dangling": "is not for TensorFlow",
}


def picture(height, width, seed=1):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


RESCALED = np.array([min(255, round(alpha * 255 / 254)) for alpha in range(256)])


def rescaled(alpha):
    """254 is opaque."""
    return RESCALED[alpha]


def test_alpha_comes_from_the_network_in_rgb_order_with_254_as_opaque(lab):
    """The graph's alpha is its red channel: swapped channels would answer the blue one."""
    pixels = picture(60, 90)
    pixels[0, :3, 0] = 0, 254, 255
    alpha = lab.matte(lab.graph("red"), pixels)
    assert alpha.dtype == np.uint8
    assert alpha[0, :3].tolist() == [0, 255, 255]
    assert np.array_equal(alpha, rescaled(pixels[:, :, 0]))


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (333, 1), (2, 3), (127, 255), (3001, 2003)])
def test_every_size_keeps_its_size(lab, size):
    pixels = picture(*size)
    assert np.array_equal(lab.matte(lab.graph("red"), pixels), rescaled(pixels[:, :, 0]))


def test_a_grey_picture_is_a_picture(lab):
    pixels = np.repeat(picture(30, 20)[:, :, :1], 3, axis=2)
    assert np.array_equal(lab.matte(lab.graph("red"), pixels), rescaled(pixels[:, :, 0]))


def test_two_models_do_not_answer_for_each_other(lab):
    pixels = picture(20, 30)
    for kind, expected in [("red", pixels), ("inverted", 255 - pixels), ("red", pixels)]:
        assert np.array_equal(lab.matte(lab.graph(kind), pixels), rescaled(expected[:, :, 0]))


def test_a_graph_pinned_to_another_machines_gpu_runs_here(lab):
    pixels = picture(20, 30)
    alpha = lab.matte(lab.graph("pinned"), pixels)
    assert np.array_equal(alpha, rescaled(pixels[:, :, 0]))


def test_control_flow_is_allowed_as_this_tensorflow_writes_it(lab):
    pixels = picture(20, 30)
    alpha = lab.matte(lab.graph("looping"), pixels)
    assert np.array_equal(alpha, rescaled(pixels[:, :, 0]))


@pytest.mark.parametrize("kind", BAD)
def test_a_graph_that_breaks_the_contract_is_refused_with_the_reason(lab, kind):
    path = lab.graph(kind)
    assert Path(path).stat().st_size > 0 or kind == "nothing"
    said = lab.ask("load", model=path, device="cpu")
    assert BAD[kind] in said["unavailable"]
    assert not Path("/tmp/matted-was-here").exists()  # noqa: S108 - where the graph would write


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"no protobuf at all", "it is no TensorFlow graph"),
        (b"<!DOCTYPE html><html>not found</html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"PK\x03\x04" + bytes(100), "it is a zip archive"),
        (os.urandom(5000), "it is no TensorFlow graph"),
        (None, "cannot be read: No such file"),
    ],
    ids=["empty", "text", "web page", "pointer", "archive", "noise", "absent"],
)
def test_a_file_that_is_no_graph_is_refused_with_the_reason(lab, tmp_path, content, reason):
    path = tmp_path / "model.pb"
    if content is not None:
        path.write_bytes(content)
    assert reason in lab.ask("load", model=str(path), device="cpu")["unavailable"]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_graph_is_refused(lab, tmp_path, share):
    data = Path(lab.graph("red")).read_bytes()
    path = tmp_path / "model.pb"
    path.write_bytes(data[: int(share * len(data))])
    said = lab.ask("load", model=str(path), device="cpu")
    assert "cannot be used" in said["unavailable"]


def test_a_picture_that_the_network_cannot_take_is_refused_and_the_engine_lives(lab):
    said = lab.matte(lab.graph("picky"), picture(3, 40))
    assert said.startswith("RequestRefused: the network cannot take 40x3")
    assert "too low" in said
    assert isinstance(lab.matte(lab.graph("picky"), picture(5, 40)), np.ndarray)


def test_out_of_memory_is_told_apart_and_the_engine_lives(lab):
    if lab.name == "tf2":
        pytest.skip("TensorFlow 2 itself waits 10 s for memory before it says the same")
    said = lab.matte(lab.graph("hungry"), picture(30, 70))
    assert said.startswith("EngineOutOfMemory: out of memory at 70x30")
    pixels = picture(30, 64)
    alpha = lab.matte(lab.graph("hungry"), pixels)
    assert np.array_equal(alpha, rescaled(pixels[:, :, 0]))


def test_the_hello_names_what_really_runs(lab):
    said = lab.ask("load", model=lab.graph("red"), device="cpu")
    version = said["framework"].removeprefix("tensorflow ")
    assert version == "1.15.5" if lab.name == "tf1" else int(version.split(".")[0]) >= 2
    assert said["model"].startswith("red.pb ")
    assert said["device"] == "cpu"
    assert set(said["nodes"]) == {"CPU:0"}
    assert said["nodes"]["CPU:0"] > 0


def test_a_demanded_gpu_that_is_not_there_is_refused_with_the_reason(lab):
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has a GPU")
    said = lab.ask("load", model=lab.graph("red"), device="gpu")["unavailable"]
    assert said.startswith("device: gpu is demanded")
    assert "driver: no NVIDIA driver is loaded" in said
    assert ("wheel: this TensorFlow" in said) == (lab.name == "tf2")


def test_auto_says_what_it_chose_and_why(lab):
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has a GPU")
    said = lab.ask("load", model=lab.graph("red"), device="auto")
    assert said["device"] == "cpu"
    assert "driver: no NVIDIA driver is loaded" in said["device_reason"]
    assert f"device {said['device_reason']}" in lab.stderr().splitlines()


def test_an_unknown_device_and_a_missing_model_are_refused(lab):
    said = lab.ask("load", model=lab.graph("red"), device="tpu")
    assert "there is no device tpu" in said["unavailable"]
    assert "engine.model names no file" in lab.ask("load", model="")["unavailable"]


@pytest.fixture(scope="module")
def network(lab, tmp_path_factory):
    """A small BSHM."""
    path = str(tmp_path_factory.mktemp("model") / "tf_graph.pb")
    lab.ask("freeze", path=path, width=2, seed=5, coarse=[16, 16])
    return path


@pytest.fixture
def host(lab, network, tmp_path):
    """The engine as the daemon runs it, with a small BSHM."""
    spec = EngineSpec("bshm", {"model": network, "device": "cpu"}, python=lab.python)
    with EngineHost(spec, tmp_path / "engine", lambda _name, _facts: None) as started:
        started.start()
        yield started


def test_three_hundred_photos_leave_the_memory_flat_then_a_deadline_and_a_death_are_survived(host):
    """One process for all of it, since starting one takes seconds."""
    assert "untrained" in host.hello["model"]
    _ask_many(host, 60)
    before = _resident(host.hello["pid"])
    _ask_many(host, 240)
    assert _resident(host.hello["pid"]) == pytest.approx(before, rel=0.05)

    # Both errors are raised by the host's and the kernel's hand, in the middle of TensorFlow.
    huge = picture(3000, 4000)
    first = host.hello["pid"]
    with connect(host.socket_path, wait_s=5) as engine, pytest.raises(EngineLost):
        engine.matte(huge, photo="late", timeout_s=0.05, queue_timeout_s=5)
    assert host.blames(first, "late")
    with connect(host.socket_path, wait_s=90) as engine:
        answer = engine.matte(picture(9, 7), photo="next", timeout_s=20, queue_timeout_s=20)
    assert answer.alpha.shape == (9, 7)
    wait_until(lambda: host.hello["pid"] != first)  # it may answer before its host has heard of it
    second = host.hello["pid"]

    with ThreadPoolExecutor() as pool, connect(host.socket_path, wait_s=5) as engine:
        lost = pool.submit(engine.matte, huge, photo="fatal", timeout_s=20, queue_timeout_s=20)
        _await_work(host, "fatal")
        os.kill(second, signal.SIGKILL)
        with pytest.raises(EngineLost):
            lost.result()
    assert host.blames(second, "fatal")


def _ask_many(host, count):
    with connect(host.socket_path, wait_s=5) as engine:
        for number in range(count):
            pixels = picture(40 + number % 7, 50 + number % 5, number)
            engine.matte(pixels, photo=str(number), timeout_s=20, queue_timeout_s=20)


def _await_work(host, photo):
    """Until the host has heard that it is at work on this photo, and not the one before."""

    def begun():
        process = host._standing._process
        return process is not None and process.work is not None and process.work.photo == photo

    wait_until(begun, 60, every_s=0.005)


def _resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
