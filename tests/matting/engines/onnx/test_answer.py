"""What is made of a network's answer."""

from __future__ import annotations

import math

import networks
import numpy as np
import pytest
from networks import Type, constant, network, node, picture

from matting.errors import RequestRefused
from matting.networks.recipe import Recipe


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


def test_an_answer_of_no_numbers_is_refused(engine):
    loaded = engine(network([node("Sqrt", "x", "y")]), Recipe(mean=(0.5, 0, 0)))
    with pytest.raises(RequestRefused, match="values that are no numbers"):
        loaded.matte(np.zeros((9, 9, 3), np.uint8))
