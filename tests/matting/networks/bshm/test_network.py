"""The network's shape, and the graphs that are frozen from it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from matting.networks.bshm.network import Architecture

SMALL: Any = {"width": 4, "seed": 3, "coarse": [48, 32]}


@pytest.fixture(scope="module")
def small(lab, tmp_path_factory):
    """A small network whose proportions are the full one's; its file."""
    path = str(tmp_path_factory.mktemp("model") / "small.pb")
    lab.ask("freeze", path=path, **SMALL)
    lab.ask("load", model=path, device="cpu")
    return path


def test_the_full_network_has_the_published_number_of_parameters():
    """By the formula of a convolution, stage by stage; the built graphs are compared below."""
    assert parameters(Architecture()) == pytest.approx(78e6, rel=0.01)


def test_the_built_network_has_the_planned_number_of_parameters(lab, tmp_path):
    made = lab.ask("freeze", path=str(tmp_path / "tf_graph.pb"), **SMALL)
    assert made == parameters(Architecture(SMALL["width"]))


def parameters(plan):
    mrn = count(3, plan.mrn, 4, joins=1)
    return count(3, plan.mpn, 2) + count(4, plan.qun, 1) + mrn


def count(channels, widths, out, joins=0):
    """Parameters of an encoder-decoder: two convolutions per stage, both ways, and a last one."""
    total = 0
    for stage, width in enumerate(widths):
        channels += joins if stage == 2 else 0
        total += 9 * channels * width + width + 9 * width * width + width
        channels = width
    for width in widths[-2::-1]:
        total += 9 * (channels + width) * width + width + 9 * width * width + width
        channels = width
    return total + channels * out + out


@pytest.mark.parametrize(
    ("size", "coarse", "fine"),
    [
        ((70, 50), [48, 32], [192, 128]),
        ((50, 70), [32, 48], [128, 192]),
        ((1, 1), [48, 32], [192, 128]),
    ],
    ids=["portrait", "landscape", "one pixel"],
)
def test_every_stage_has_its_documented_shape(lab, small, size, coarse, fine):
    names = ["mpn/mask:0", "qun/mask:0", "mrn/foreground_and_alpha:0", "output_png:0"]
    shapes = lab.ask("shapes", model=small, names=names, size=size)
    assert shapes == [[1, *coarse, 1], [1, *coarse, 1], [1, *fine, 4], [*size, 4]]


def test_every_level_of_the_encoders_halves_and_has_its_planned_channels(lab, small):
    plan = Architecture(SMALL["width"])
    for name, widths, side in [
        ("mpn", plan.mpn, 48),
        ("qun", plan.qun, 48),
        ("mrn", plan.mrn, 192),
    ]:
        relus = [f"{name}/Relu{f'_{2 * k + 1}'}:0" for k in range(len(widths))]
        shapes = lab.ask("shapes", model=small, names=relus, size=(70, 50))
        assert shapes == [
            [1, side >> k, side * 2 // 3 >> k, width] for k, width in enumerate(widths)
        ]


def test_the_full_plan_has_the_published_sizes():
    assert Architecture().coarse == (192, 160)
    assert Architecture().fine == (768, 640)


@pytest.mark.parametrize("plan", [Architecture(3), Architecture(0), Architecture(4, (50, 32))])
def test_a_plan_that_does_not_come_out_even_is_refused(plan):
    with pytest.raises(ValueError, match="width has to be even"):
        plan.check()


def test_random_weights_give_more_than_one_grey(lab, small, made_photos):
    alpha = lab.matte(small, photo(made_photos))
    assert np.ptp(alpha.astype(int)) > 20


def test_the_graph_says_that_it_is_untrained(lab, small):
    said = lab.ask("load", model=small, device="cpu")
    digest = hashlib.sha256(Path(small).read_bytes()).hexdigest()
    label = "untrained: random weights, seed 3, width 4"
    assert said["model"] == f"small.pb {digest[:12]} ({label})"


@pytest.fixture
def both(laboratory):
    """Two laboratories, one of each TensorFlow."""
    return [laboratory("tf1"), laboratory("tf2")]


def test_the_same_seed_makes_the_same_file_under_either_tensorflow(both, tmp_path):
    files = [tmp_path / f"{number}.pb" for number in range(3)]
    for lab, file in zip([*both, both[0]], files, strict=True):
        lab.ask("freeze", path=str(file), **SMALL)
    assert len({file.read_bytes() for file in files}) == 1
    both[0].ask("freeze", path=str(tmp_path / "other.pb"), **(SMALL | {"seed": 4}))
    assert (tmp_path / "other.pb").read_bytes() != files[0].read_bytes()


def test_tensorflow_1_and_2_agree_on_photos_within_one_step(both, made_photos, tmp_path):
    """Compared as the networks answer: the rescaling skips 127, so that one step becomes two."""
    path = str(tmp_path / "tf_graph.pb")
    both[0].ask("freeze", path=path, width=8, seed=1, coarse=[96, 80])
    for number in range(3):
        pixels = photo(made_photos, number)
        first, second = (lab.matte(path, pixels).astype(int) for lab in both)
        assert np.ptp(first) > 20
        assert np.abs((first - (first > 127)) - (second - (second > 127))).max() <= 1


def photo(made_photos, number=0):
    path = sorted(made_photos.glob("*.jpg"))[number]
    pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    return cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
