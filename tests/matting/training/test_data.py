"""What the networks of our own learn from: told by a seed, with alpha that is exact."""

from __future__ import annotations

import numpy as np
import pytest

from matting.training import sets

torch = pytest.importorskip("torch", reason="PyTorch is for training alone: see `make train`")

from matting.training import ageing, compose, hair, losses  # noqa: E402 - they need PyTorch
from matting.training.chance import Chance  # noqa: E402

SIDE = 64


@pytest.fixture
def figures():
    """Two discs, of which one ends at the lower rim."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    disc = ((x * x + y * y) < 0.2).astype(np.uint8) * 255
    alpha = torch.from_numpy(np.stack([disc, disc]))[:, None]
    colours = torch.full((2, 3, SIDE, SIDE), 250, dtype=torch.uint8)
    return compose.Figures(colours, alpha, torch.ones(2), torch.tensor([True, False]))


@pytest.fixture
def backdrops():
    return torch.zeros((3, 3, SIDE, SIDE), dtype=torch.uint8)


def _scenes(figures, backdrops, seed, **changes):
    layout = compose.SceneLayout(side=SIDE, **changes)
    return compose.scenes(figures, backdrops, Chance.seeded(seed, "cpu"), 8, layout)


def test_a_seed_tells_every_scene(figures, backdrops):
    one, again = (_scenes(figures, backdrops, 5) for _ in range(2))
    other = _scenes(figures, backdrops, 6)
    assert all(torch.equal(first, second) for first, second in zip(one, again, strict=True))
    assert not torch.equal(one[0], other[0])


def test_alpha_of_a_scene_is_exact(figures, backdrops):
    """Figures of one colour over black: the picture is alpha itself, in that colour."""
    plain = {"drawn": 0.0, "thing": 0.0, "nobody": 0.0, "most": 1, "alone": 1.0}
    figures.colours[:] = 100
    picture, alpha = _scenes(figures, backdrops, 3, **plain)
    whole = alpha.amax((1, 2, 3)) > 0.999
    assert whole.any()
    colour = picture.amax((2, 3), keepdim=True)
    torch.testing.assert_close(picture[whole], (colour * alpha)[whole], atol=2e-3, rtol=0)


def test_nobody_in_the_scene_is_nobody_in_alpha(figures, backdrops):
    _, alpha = _scenes(figures, backdrops, 3, nobody=1.0, alone=0.0)
    assert alpha.max() == 0


def test_an_object_before_a_person_hides_it(figures, backdrops):
    layout = compose.SceneLayout(side=SIDE, nobody=0, thing=2.5, most=1)
    things = compose.Figures(
        figures.colours // 4, torch.full_like(figures.alpha, 255), torch.ones(2), figures.cut
    )
    alone = compose.scenes(figures, backdrops, Chance.seeded(2, "cpu"), 64, layout)[1]
    hidden = compose.scenes(figures, backdrops, Chance.seeded(2, "cpu"), 64, layout, things)[1]
    assert hidden.mean() < alone.mean()


@pytest.mark.parametrize(
    "damage", [damage for _, damage in (*ageing.OPTICS, *ageing.MARKS, *ageing.PRINT)]
)
@pytest.mark.parametrize("unit", [0.8, 2.0])
def test_damage_keeps_shape_and_stays_finite(damage, unit):
    picture = torch.rand(12, 3, 72, 60)
    worn = damage(picture, Chance.seeded(1, "cpu"), unit)
    assert worn.shape == picture.shape
    assert torch.isfinite(worn).all()
    assert not torch.equal(worn, picture)


def test_ageing_keeps_shape_and_range_and_only_ever_hides_the_person():
    picture, alpha = torch.rand(24, 3, SIDE, SIDE), torch.rand(24, 1, SIDE, SIDE)
    old, left = ageing.aged(picture, alpha, Chance.seeded(1, "cpu"))
    assert old.shape == picture.shape
    assert old.min() >= 0
    assert old.max() <= 1
    assert (left <= alpha + 1e-6).all()
    assert left.mean() < alpha.mean()


def test_ageing_is_told_by_its_seed():
    picture, alpha = torch.rand(4, 3, SIDE, SIDE), torch.rand(4, 1, SIDE, SIDE)
    one, again = (ageing.aged(picture, alpha, Chance.seeded(9, "cpu"))[0] for _ in range(2))
    assert torch.equal(one, again)


@pytest.mark.parametrize("seed", range(6))
def test_drawn_hair_is_the_same_again_and_has_soft_edges(seed):
    colours, alpha = hair.figure(seed, 128)
    again = hair.figure(seed, 128)
    assert np.array_equal(colours, again[0])
    assert np.array_equal(alpha, again[1])
    assert colours.shape == (128, 128, 3)
    assert ((alpha > 8) & (alpha < 247)).mean() > 0.01
    assert (alpha > 247).any()


def test_losses_are_nothing_where_nothing_is_wrong():
    truth = (torch.rand(2, 1, 32, 32) > 0.5).float()
    sure = (truth * 2 - 1) * 30
    assert losses.found(sure, truth, torch.ones_like(truth)) < 1e-3
    assert losses.found(-sure, truth, torch.ones_like(truth)) > 1
    band = torch.ones_like(truth)
    assert losses.drawn(truth, truth, band) == 0
    assert losses.drawn(1 - truth, truth, band) > 0.5
    outside = losses.drawn(1 - truth, truth, 0 * band)
    assert outside < losses.drawn(1 - truth, truth, band) / 3


def test_nobody_is_in_two_sets():
    for folder in ("people", "empty"):
        assert not set(sets.names(folder, "test")) & set(sets.names(folder, "choose"))
