"""The engine that runs ONNX networks, in this process and in its own."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import networks
import numpy as np
import pytest
from harness import wait_until
from hypothesis import given
from hypothesis import strategies as st
from laboratory import ROOT
from networks import HWC, NCHW, NHWC, Type, constant, network, node

from matting.engines import cuda, onnx, tensorflow
from matting.engines.accelerator import EXIT_BROKEN
from matting.engines.onnx import feed, program, runtime
from matting.errors import EngineOutOfMemory, EngineUnavailable, RequestRefused
from matting.networks.recipe import BIREFNET, BSHM, ISNET, MODNET, U2NET, Recipe
from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec

SHAPES = {"nchw": NCHW, "nhwc": NHWC, "hwc": HWC}
DRIVER = Path("/proc/driver/nvidia/version")


def picture(height, width, seed=1):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What the engine sets for its process ends with the test."""
    for name in ("CUDA_VISIBLE_DEVICES", "ORT_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture
def engine(tmp_path):
    """Load a network, given as bytes."""

    def load(data, recipe=None, **options):
        path = tmp_path / "network.onnx"
        path.write_bytes(data)
        if isinstance(recipe, Recipe):
            recipe = recipe.to_json()
        return onnx.load({"model": str(path), "recipe": recipe, "device": "cpu"} | options)

    return load


@pytest.fixture
def refusal(engine):
    """Why a network is not loaded."""

    def refuse(data, recipe=None, **options):
        with pytest.raises(EngineUnavailable) as caught:
            engine(data, recipe, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse


# BSHM


def test_a_converted_bshm_is_recognised_and_keeps_its_contract(engine):
    """Alpha is red: swapped channels would answer blue. 254 is opaque, as in the other engine."""
    pixels = picture(60, 90)
    pixels[0, :3, 0] = 0, 254, 255
    answer = engine(networks.bshm()).matte(pixels)
    assert answer.alpha.dtype == np.uint8
    assert answer.alpha[0, :3].tolist() == [0, 255, 255]
    assert np.array_equal(answer.alpha, tensorflow.RESCALED[pixels[:, :, 0]])
    assert answer.people is None


def test_every_value_of_bshms_alpha_becomes_what_the_other_engine_makes_of_it(engine):
    pixels = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2)
    assert np.array_equal(engine(networks.bshm(), BSHM).matte(pixels).alpha[0], tensorflow.RESCALED)


@pytest.mark.parametrize("recipe", [BSHM, U2NET, MODNET], ids=["bshm", "u2net", "modnet"])
@pytest.mark.parametrize("size", [(1, 1), (1, 700), (333, 1), (2, 3), (127, 255), (3001, 2003)])
def test_every_size_keeps_its_size(engine, recipe, size):
    data = networks.bshm() if recipe is BSHM else networks.same()
    assert engine(data, recipe).matte(picture(*size)).alpha.shape == size


def test_a_grey_picture_is_a_picture(engine):
    pixels = np.repeat(picture(30, 20)[:, :, :1], 3, axis=2)
    alpha = engine(networks.bshm()).matte(pixels).alpha
    assert np.array_equal(alpha, tensorflow.RESCALED[pixels[:, :, 0]])


def test_another_network_without_a_recipe_is_refused(refusal):
    """BiRefNet's input has BSHM's name, and four axes."""
    said = refusal(network([node("Identity", "input_image", "y")], input="input_image"))
    assert "nothing says how the model network.onnx is fed, and it is not BSHM" in said


# The recipe


@pytest.mark.parametrize("layout", SHAPES)
@pytest.mark.parametrize(("channels", "order"), [("rgb", [0, 1, 2]), ("bgr", [2, 1, 0])])
def test_layout_and_channel_order(engine, layout, channels, order):
    pixels = picture(30, 40)
    for channel in range(3):
        recipe = Recipe(layout=layout, channels=channels, channel=channel)
        alpha = engine(networks.same(SHAPES[layout]), recipe).matte(pixels).alpha
        assert np.array_equal(alpha, pixels[:, :, order[channel]])


@pytest.mark.parametrize(
    ("recipe", "formula"),
    [
        (Recipe(), lambda v: v / 255),
        (Recipe(range="0..255", opaque=200), lambda v: v / 200),
        (Recipe(range="0..max"), lambda v: v / 180),
        (Recipe(mean=(9, 0.25, 9), std=(9, 0.5, 9), channel=1), lambda v: (v / 255 - 0.25) / 0.5),
        (Recipe(mean=(9, 9, -0.5), std=(9, 9, 2), channel=2), lambda v: (v / 255 + 0.5) / 2),
        (
            Recipe(channels="bgr", mean=(0.1, 0, 0), std=(0.5, 1, 1)),
            lambda v: (v / 255 - 0.1) / 0.5,
        ),
    ],
    ids=["0..1", "0..255", "0..max", "green", "blue", "bgr"],
)
def test_range_mean_and_std(engine, recipe, formula):
    """Each value by itself, in plain Python."""
    pixels = np.zeros((8, 23, 3), np.uint8)
    pixels[:] = np.arange(181)[np.linspace(0, 180, 23, dtype=int)][:, np.newaxis]
    alpha = engine(networks.same(), recipe).matte(pixels).alpha
    for value, found in zip(pixels[0, :, 0], alpha[0], strict=True):
        assert found == pytest.approx(min(1, max(0, formula(int(value)))) * 255, abs=0.51)


def test_a_black_picture_has_no_brightest_value(engine):
    alpha = engine(networks.same(), Recipe(range="0..max")).matte(np.zeros((9, 9, 3), np.uint8))
    assert not alpha.alpha.any()


@pytest.mark.parametrize(
    ("recipe", "size", "expected"),
    [
        (Recipe(size=(320, 240)), (1000, 10), (240, 320)),
        (Recipe(), (123, 45), (123, 45)),
        (Recipe(multiple_of=32), (123, 45), (128, 32)),
        (Recipe(multiple_of=32), (3, 5), (32, 32)),
        (Recipe(short_side=512, multiple_of=32), (1080, 1620), (512, 768)),
        (Recipe(short_side=512, multiple_of=32), (1000, 333), (1536, 512)),
        (Recipe(short_side=512), (100, 50), (1024, 512)),
        (Recipe(short_side=512), (1, 5000), (512, 4096)),
        (Recipe(short_side=512, multiple_of=32), (9000, 1), (4096, 512)),
    ],
)
def test_what_size_a_picture_is_fed_at(recipe, size, expected):
    height, width = size
    assert feed.size(height, width, recipe) == expected


def test_a_picture_is_shrunk_by_averaging(engine):
    """The reference averages blocks: bilinear sampling would see none of the dots between."""
    pixels = picture(64, 96)
    recipe = Recipe(size=(24, 16))
    fed = feed.feed(pixels, recipe, np.dtype(np.float32))
    blocks = pixels.reshape(16, 4, 24, 4, 3).mean(axis=(1, 3))
    assert fed.shape == (1, 3, 16, 24)
    assert np.abs(fed[0].transpose(1, 2, 0) * 255 - blocks).max() <= 0.51
    assert engine(networks.same(), recipe).matte(pixels).alpha.shape == (64, 96)


def test_one_side_may_be_shrunk_and_the_other_enlarged():
    pixels = picture(40, 10)
    found = feed.resized(pixels.astype(np.float32), 10, 30)
    blocks = pixels.reshape(10, 4, 10, 3).mean(axis=1)
    where = (np.arange(30) + 0.5) / 3 - 0.5
    for row in range(10):
        for channel in range(3):
            expected = np.interp(where, np.arange(10), blocks[row, :, channel])
            assert np.abs(found[row, :, channel] - expected).max() < 0.01


def test_alpha_is_enlarged_without_overshooting(engine):
    """The reference interpolates each side by itself."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:, 48:] = 255
    alpha = engine(networks.same(), Recipe(size=(12, 8))).matte(pixels).alpha
    edge = np.interp((np.arange(96) + 0.5) / 8 - 0.5, np.arange(12), [0] * 6 + [255] * 6)
    assert np.abs(alpha - edge).max() <= 0.51


def test_the_output_and_its_channel_are_those_of_the_recipe(engine):
    data = network([node("Neg", "x", "minus"), node("Identity", "x", "y")], outputs=("minus", "y"))
    pixels = picture(20, 30)
    alpha = engine(data, Recipe(output=1, channel=2)).matte(pixels).alpha
    assert np.array_equal(alpha, pixels[:, :, 2])


@pytest.mark.parametrize(
    ("kind", "tolerance"), [(Type.FLOAT, 0), (Type.FLOAT16, 1), (Type.UINT8, 0)]
)
def test_numbers_of_every_usual_type(engine, kind, tolerance):
    recipe = Recipe(range="0..255", opaque=255, channel=1)
    pixels = picture(20, 30)
    alpha = engine(networks.same(kind=kind), recipe).matte(pixels).alpha
    assert np.abs(alpha.astype(int) - pixels[:, :, 1]).max() <= tolerance


@pytest.mark.parametrize("squeezed", [[0], [0, 1]])
def test_an_answer_may_lack_the_axes_of_batch_and_channels(engine, squeezed):
    """Both are one long."""
    axes = constant("axes", squeezed, np.int64)
    steps = [constant(name, value, np.int64) for name, value in (("a", [0]), ("b", [1]))]
    nodes = [node("Slice", "x a b b", "red"), node("Squeeze", "red axes", "y")]
    pixels = picture(20, 30)
    alpha = engine(network(nodes, constants=[axes, *steps]), Recipe()).matte(pixels).alpha
    assert np.array_equal(alpha, pixels[:, :, 0])


def logits(name="y", scale=8.0):
    """From -4 at black to 4 at white."""
    nodes = [node("Sub", "x half", "middle"), node("Mul", "middle eight", name)]
    return nodes, [constant("half", 0.5), constant("eight", scale)]


def test_sigmoid(engine):
    nodes, constants = logits()
    pixels = picture(20, 30)
    recipe = Recipe(activation="sigmoid")
    alpha = engine(network(nodes, constants=constants), recipe).matte(pixels).alpha
    for value, found in zip(pixels[:, :, 0].flat, alpha.flat, strict=True):
        expected = 255 / (1 + math.exp(-8 * (int(value) / 255 - 0.5)))
        assert found == pytest.approx(expected, abs=0.51)


def test_sigmoid_of_huge_values_is_zero_or_one(engine):
    nodes, constants = logits(scale=1e6)
    pixels = np.zeros((1, 2, 3), np.uint8)
    pixels[0, 1] = 255
    recipe = Recipe(activation="sigmoid")
    assert engine(network(nodes, constants=constants), recipe).matte(pixels).alpha.tolist() == [
        [0, 255]
    ]


def test_sigmoid_is_not_applied_twice(engine):
    """Otherwise everything would lie between 0.5 and 0.73."""
    nodes, constants = logits("logits")
    data = network([*nodes, node("Sigmoid", "logits", "y")], constants=constants)
    pixels = picture(20, 30)
    twice = engine(data, Recipe(activation="sigmoid")).matte(pixels)
    once = engine(data, Recipe()).matte(pixels)
    assert np.array_equal(twice.alpha, once.alpha)
    assert "no sigmoid was applied" in twice.facts["warnings"][0]
    assert once.facts["warnings"] == []


@pytest.mark.parametrize("channel", [0, 2])
def test_softmax(engine, channel):
    nodes, constants = logits()
    pixels = picture(20, 30)
    recipe = Recipe(activation="softmax", channel=channel)
    alpha = engine(network(nodes, constants=constants), recipe).matte(pixels).alpha
    for colour, found in zip(pixels.reshape(-1, 3), alpha.flat, strict=True):
        powers = [math.exp(8 * int(value) / 255) for value in colour]
        assert found == pytest.approx(255 * powers[channel] / sum(powers), abs=0.51)


def stretched(engine, low, high):
    """Alpha at the darkest, the middle and the brightest of three greys; and the whole answer."""
    pixels = np.zeros((1, 3, 3), np.uint8)
    pixels[0] = np.array([low, (low + high) // 2, high])[:, np.newaxis]
    answer = engine(networks.same(), Recipe(activation="min_max")).matte(pixels)
    return answer.alpha[0].tolist(), answer


def test_min_max_stretches_what_the_network_is_sure_of(engine):
    alpha, answer = stretched(engine, 10, 250)
    assert alpha == [0, 128, 255]
    assert answer.facts == {"warnings": [], "surest": 0.9804, "seen": [1, 3]}


def test_min_max_does_not_stretch_where_nobody_seems_to_be(engine):
    alpha, answer = stretched(engine, 10, 220)
    assert alpha == [10, 115, 220]
    assert answer.people is None
    assert "nobody seems to be there: no pixel is foreground by more than 0.86" in str(answer.facts)


def test_min_max_leaves_the_matte_empty_where_the_network_sees_nothing_at_all(engine):
    alpha, answer = stretched(engine, 0, 60)
    assert alpha == [0, 0, 0]
    assert answer.people == 0
    assert answer.facts["warnings"] == [
        "nobody seems to be there: no pixel is foreground by more than 0.24; the matte is empty"
    ]


def test_min_max_invents_no_background_either(engine):
    alpha, _ = stretched(engine, 240, 250)
    assert alpha == [245, 250, 255]
    assert stretched(engine, 255, 255)[0] == [255, 255, 255]


def test_a_faint_alpha_of_any_network_is_told(engine):
    answer = engine(networks.same(), Recipe()).matte(np.full((9, 9, 3), 100, np.uint8))
    assert (answer.alpha == 100).all()
    assert "nobody seems to be there" in answer.facts["warnings"][0]


@pytest.mark.parametrize("recipe", [U2NET, ISNET, BIREFNET], ids=["u2net", "isnet", "birefnet"])
def test_the_recipes_of_known_networks_suit_them(engine, recipe):
    """As they are exported: one size, one picture, one channel."""
    width, height = recipe.size
    fixed = [constant("target", [1, 1, height, width], np.int64), constant("axis", [1], np.int64)]
    nodes = [node("ReduceMean", "x", "grey", axes=[1]), node("Reshape", "grey target", "y")]
    data = network(nodes, (1, 3, height, width), constants=fixed)
    assert engine(data, recipe).matte(picture(50, 70)).alpha.shape == (50, 70)


# Networks that are refused


@pytest.mark.parametrize(
    ("recipe", "made", "reason"),
    [
        (Recipe(input="z"), {}, "it has no input z, but x"),
        (Recipe(), {"others": ["z"]}, "it has several inputs, so `input` has to say which: x, z"),
        (Recipe(input="x"), {"others": ["z"]}, "it also wants z, which nothing here provides"),
        (Recipe(output=1), {}, "it has no output 1, but y"),
        (Recipe(channel=3), {}, "no channel 3"),
        (Recipe(), {"shape": NHWC}, "x is (1, any, any, 3), not (1, 3, height, width) as layout"),
        (Recipe(layout="hwc"), {}, "x is (1, 3, any, any), not (height, width, 3) as layout says"),
        (Recipe(), {"shape": (1, 4, None, None)}, "x is (1, 4, any, any), not (1, 3, height"),
        (Recipe(), {"shape": (2, 3, None, None)}, "x takes 2 pictures at a time"),
        (Recipe(), {"shape": (1, 3, 64, 32)}, "x is (1, 3, 64, 32); `size` has to say so"),
        (Recipe(size=(64, 32)), {"shape": (1, 3, 64, 32)}, "`size` has to say so"),
        (Recipe(), {"kind": Type.DOUBLE}, "x is tensor(double), not one of float32, float16"),
        (Recipe(), {"kind": Type.UINT8}, "x takes bytes, so range, mean and std cannot be applied"),
    ],
)
def test_a_network_that_does_not_fit_its_recipe_is_refused(refusal, recipe, made, reason):
    kind = made.get("kind", Type.FLOAT)
    data = network([node("Identity", "x", "y")], outputs=[("y", kind)], **made)
    said = refusal(data, recipe)
    assert said.startswith("the model network.onnx cannot be used: ")
    assert reason in said


@pytest.mark.parametrize(
    ("nodes", "outputs", "reason"),
    [
        ([node("Cast", "x", "y", to=Type.INT32)], [("y", Type.INT32)], "y is tensor(int32)"),
        ([node("Transpose", "x", "y", perm=[0, 1, 3, 2])], ["y"], "it answers 64 rows of 48 to 48"),
        ([node("ReduceMean", "x", "y", keepdims=0)], ["y"], "which is no picture"),
        ([node("Unsqueeze", "x axis", "y")], ["y"], "which is no picture"),
    ],
)
def test_a_network_whose_answer_is_no_picture_is_refused(refusal, nodes, outputs, reason):
    data = network(nodes, outputs=outputs, constants=[constant("axis", [0], np.int64)])
    assert reason in refusal(data, Recipe())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (networks.foreign("Evil", "com.example"), "needs: com.example:Evil"),
        (networks.foreign("EPContext", "com.microsoft"), "needs: com.microsoft:EPContext"),
        (networks.own_function("Evil", "com.example"), "needs: com.example:Evil"),
        (networks.outside(), "its weights (w) are in another file"),
        (networks.outside("/etc/passwd"), "its weights (w) are in another file"),
        (networks.outside(within="a branch"), "its weights (w) are in another file"),
        (network([node("NoSuchOperation", "x", "y")]), "NoSuchOperation"),
        (network([node("Add", "x nothing", "y")]), "cannot be used: "),
        (network([]), "it has no nodes"),
        (b"", "the file is empty"),
        (b"no protobuf at all", "it is no ONNX network, or ends early"),
        (b"<!DOCTYPE html><html>not found</html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"PK\x03\x04" + bytes(100), "it is a zip archive"),
        (os.urandom(5000), "it is no ONNX network"),
        (b"\x0a\x0b\x0a\x01x\x12\x06NoOp__\x22\x02\x08\x15", "it is no ONNX network, but seems to"),
    ],
    ids=lambda value: value[:25] if isinstance(value, str) else "",
)
def test_a_file_that_is_no_network_or_asks_for_too_much_is_refused(refusal, data, reason):
    assert reason in refusal(data, Recipe())


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(EngineUnavailable, match="cannot be read: No such file"):
        onnx.load({"model": str(tmp_path / "absent.onnx"), "device": "cpu"})
    with pytest.raises(EngineUnavailable, match="names no file"):
        onnx.load({"device": "cpu"})


def test_a_network_may_bring_functions_of_its_own(engine):
    pixels = picture(20, 30)
    alpha = engine(networks.own_function(), Recipe()).matte(pixels).alpha
    assert np.array_equal(alpha, pixels[:, :, 0])


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_network_is_refused(refusal, share):
    data = networks.bshm()
    assert "cannot be used" in refusal(data[: int(share * len(data))])


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_whatever_the_bytes_are_they_are_judged(where, noise):
    """One clear refusal or none; never another error, and never an endless loop."""
    data = bytearray(networks.outside(within="a branch"))
    where %= len(data)
    data[where : where + len(noise)] = noise
    for each in (bytes(data), noise * 50):
        with contextlib.suppress(program._Fault):
            program.check(each)


def test_a_faulty_recipe_is_refused(engine):
    with pytest.raises(EngineUnavailable, match="colour"):
        engine(networks.same(), {"colour": "red"})
    with pytest.raises(EngineUnavailable, match="exclude each other"):
        engine(networks.same(), {"size": [3, 4], "short_side": 5})


# While it runs


def test_a_picture_that_the_network_cannot_take_is_refused_and_the_engine_lives(engine):
    loaded = engine(networks.only_multiples_of(8), Recipe())
    with pytest.raises(RequestRefused, match="the network cannot take 33x40: "):
        loaded.matte(picture(40, 33))
    pixels = picture(40, 32)
    assert np.array_equal(loaded.matte(pixels).alpha, pixels[:, :, 0])
    rounded = engine(networks.only_multiples_of(8), Recipe(multiple_of=8))
    assert rounded.matte(picture(41, 33)).alpha.shape == (41, 33)


def test_an_answer_of_no_numbers_is_refused(engine):
    loaded = engine(network([node("Sqrt", "x", "y")]), Recipe(mean=(0.5, 0, 0)))
    with pytest.raises(RequestRefused, match="values that are no numbers"):
        loaded.matte(np.zeros((9, 9, 3), np.uint8))


def test_out_of_memory_is_told_apart_and_the_engine_lives(engine):
    loaded = engine(networks.hungry(), Recipe())
    with pytest.raises(EngineOutOfMemory, match="out of memory at 70x30: "):
        loaded.matte(picture(30, 70))
    pixels = picture(30, 64)
    assert np.array_equal(loaded.matte(pixels).alpha, pixels[:, :, 0])


def test_the_hello_names_what_really_runs(engine):
    said = engine(networks.bshm(), name="my-net").describe()
    assert said["model"].startswith("my-net ")
    assert said["framework"] == f"onnxruntime {runtime.Runtime.load().version}"
    assert said["device"] == "cpu"
    assert said["device_reason"] == "cpu (cpu asked): no other is wanted"
    assert set(said["nodes"]) == {"CPU"}
    assert said["nodes"]["CPU"] > 0
    assert engine(networks.bshm()).describe()["model"].startswith("network.onnx ")


def test_an_untrained_network_says_so_with_every_matte(engine):
    made = networks.bshm(metadata={"matted_provenance": "untrained: made by a test"})
    loaded = engine(made)
    assert loaded.describe()["model"].endswith(" (untrained: made by a test)")
    assert "its mattes mean nothing" in loaded.matte(picture(9, 9)).facts["warnings"][0]


# The GPU


def test_auto_says_what_it_chose_and_why(engine, capsys):
    if DRIVER.exists():
        pytest.skip("this machine has a GPU")
    said = engine(networks.bshm(), device="auto").describe()
    assert said["device"] == "cpu"
    assert "driver: no NVIDIA driver is loaded" in said["device_reason"]
    assert f"device {said['device_reason']}" in capsys.readouterr().err.splitlines()


def test_a_demanded_gpu_that_is_not_there_is_refused_with_the_reason(refusal):
    if DRIVER.exists():
        pytest.skip("this machine has a GPU")
    said = refusal(networks.bshm(), device="gpu")
    assert said.startswith("device: gpu is demanded")
    assert "driver: no NVIDIA driver is loaded" in said
    assert "there is no device tpu" in refusal(networks.bshm(), device="tpu")


def test_a_wheel_without_cuda_is_named_where_there_is_a_gpu(driver, tmp_path):
    path = tmp_path / "red.onnx"
    path.write_bytes(networks.bshm())
    said = in_a_process(
        f"load({{'model': {str(path)!r}, 'device': 'gpu'}})", LD_LIBRARY_PATH=driver
    )
    assert "EngineUnavailable: device: gpu is demanded" in said.stderr
    assert "wheel: this ONNX Runtime " in said.stderr
    assert "is built without CUDA" in said.stderr
    assert "driver" not in said.stderr.partition("EngineUnavailable: ")[2]


GPU = cuda.Gpu("Fake 4090", (8, 9), 24 << 30)


def with_cuda(site):
    """A wheel that is built with CUDA, installed in an empty directory."""
    providers = (runtime.TENSORRT, runtime.CUDA, "CPUExecutionProvider")
    return runtime.Runtime(None, "1.31.1", "99.0", providers, str(site), (ValueError,))


def test_which_of_driver_cuda_cudnn_and_wheel_keeps_it_off_the_gpu(tmp_path):
    said = runtime.obstacle(with_cuda(tmp_path), cuda.Gpus((GPU,), ""))
    assert "CUDA: cannot load libcudart.so.99, libcublas.so.99" in said
    assert "cuDNN: cannot load libcudnn.so.9" in said
    none = cuda.Gpus((), "driver: it is not initialised")
    assert runtime.obstacle(with_cuda(tmp_path), none) == "driver: it is not initialised"
    assert "TensorRT: cannot load libnvinfer.so.10" in runtime.without_tensorrt(with_cuda(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CUDA failure 35: CUDA driver version is insufficient for CUDA", "driver: it is too old"),
        ("CUDA failure 209: no kernel image is available", "has no code for the Fake 4090, whose"),
        ("CUDNN failure 1001: CUDNN_STATUS_NOT_INITIALIZED", "cuDNN: CUDNN failure 1001"),
        ("CUDA failure 2: out of memory", "CUDA: CUDA failure 2"),
        ("Fatal error: Foo(-1) is not a registered function/op", ""),
    ],
)
def test_what_an_error_on_the_gpu_is_about(tmp_path, text, said):
    explained = runtime.explained(text, GPU, with_cuda(tmp_path))
    assert said in explained
    assert bool(said) == bool(explained)


FALLING_BACK = """
import dataclasses
from matting.engines.onnx import OnnxEngine, program, runtime
found = runtime.Runtime.load()
providers = (runtime.CUDA, *found.providers)
found = dataclasses.replace(found, providers=providers, cuda_version="99.0", site={site!r})
engine = OnnxEngine(found, program.load({path!r}), "red", None, {device!r})
print(engine.describe())
"""


def test_a_silent_fallback_to_the_processor_is_noticed(driver, tmp_path):
    """As where the CUDA libraries are there, and something in them does not suit."""
    (tmp_path / "red.onnx").write_bytes(networks.bshm())
    libraries = tmp_path / "nvidia" / "cu99" / "lib"
    libraries.mkdir(parents=True)
    names = ["cudart.so.99", "cublas.so.99", "cublasLt.so.99", "cufft.so.12", "curand.so.10"]
    for name in [*names, "cudnn.so.9"]:
        shutil.copy(Path(driver) / "libcuda.so.1", libraries / f"lib{name}")
    for device in ("gpu", "auto"):
        code = FALLING_BACK.format(
            site=str(tmp_path), path=str(tmp_path / "red.onnx"), device=device
        )
        said = in_a_process(code, LD_LIBRARY_PATH=driver)
        if device == "gpu":
            assert "device: gpu is demanded" in said.stderr
            assert "wheel: ONNX Runtime does not take the GPU" in said.stderr
        else:
            assert "'device': 'cpu'" in said.stdout
            assert "wheel: ONNX Runtime does not take the GPU" in said.stdout


BROKEN = """
engine = load({{'model': {path!r}, 'device': 'cpu'}})
class Broken:
    def run(self, *_):
        raise engine._installed.errors[0]({message!r})
engine._session = Broken()
engine.matte(np.zeros((20, 30, 3), np.uint8))
"""


def test_a_lost_gpu_costs_the_process_and_a_full_one_does_not(tmp_path):
    path = tmp_path / "red.onnx"
    path.write_bytes(networks.bshm())
    full = in_a_process(BROKEN.format(path=str(path), message="CUDA failure 2: out of memory"))
    assert "EngineOutOfMemory: out of memory at 30x20: CUDA failure 2" in full.stderr
    lost = in_a_process(BROKEN.format(path=str(path), message="CUDA failure 700: illegal memory"))
    assert lost.returncode == EXIT_BROKEN
    assert "the GPU's context is lost: CUDA failure 700" in lost.stderr


# Its process


def in_a_process(code, **environ):
    start = "import numpy as np; from matting.engines.onnx import load\n"
    return subprocess.run(
        [sys.executable, "-c", start + code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ROOT} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


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
