"""Networks that are refused, and why: in one line, before they run."""

from __future__ import annotations

import contextlib
import os

import networks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import NHWC, Type, constant, network, node, picture

from matting.engines import onnx
from matting.engines.onnx import program
from matting.errors import EngineUnavailable
from matting.networks.recipe import Recipe


def test_another_network_without_a_recipe_is_refused(refusal):
    """BiRefNet's input has BSHM's name, and four axes."""
    said = refusal(network([node("Identity", "input_image", "y")], input="input_image"))
    assert "nothing says how the model network.onnx is fed, and it is not BSHM" in said


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
