"""The engine that runs ONNX networks: what it takes, and that it lives on whatever it is asked."""

from __future__ import annotations

import networks
import numpy as np
import pytest
from networks import constant, network, node, picture

from matting.engines import tensorflow
from matting.engines.onnx import runtime
from matting.errors import EngineOutOfMemory, RequestRefused
from matting.networks.recipe import BIREFNET, BSHM, ISNET, MODNET, U2NET, Recipe

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


@pytest.mark.parametrize("recipe", [U2NET, ISNET, BIREFNET], ids=["u2net", "isnet", "birefnet"])
def test_the_recipes_of_known_networks_suit_them(engine, recipe):
    """As they are exported: one size, one picture, one channel."""
    width, height = recipe.size
    fixed = [constant("target", [1, 1, height, width], np.int64), constant("axis", [1], np.int64)]
    nodes = [node("ReduceMean", "x", "grey", axes=[1]), node("Reshape", "grey target", "y")]
    data = network(nodes, (1, 3, height, width), constants=fixed)
    assert engine(data, recipe).matte(picture(50, 70)).alpha.shape == (50, 70)


# While it runs


def test_a_picture_that_the_network_cannot_take_is_refused_and_the_engine_lives(engine):
    loaded = engine(networks.only_multiples_of(8), Recipe())
    with pytest.raises(RequestRefused, match="the network cannot take 33x40: "):
        loaded.matte(picture(40, 33))
    pixels = picture(40, 32)
    assert np.array_equal(loaded.matte(pixels).alpha, pixels[:, :, 0])
    rounded = engine(networks.only_multiples_of(8), Recipe(multiple_of=8))
    assert rounded.matte(picture(41, 33)).alpha.shape == (41, 33)


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
