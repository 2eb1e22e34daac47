"""What a network is fed: its picture's layout, range and size."""

from __future__ import annotations

import networks
import numpy as np
import pytest
from networks import HWC, NCHW, NHWC, picture

from matting.engines.onnx import feed
from matting.networks.recipe import Recipe

SHAPES = {"nchw": NCHW, "nhwc": NHWC, "hwc": HWC}


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
