"""What every built-in refiner has to keep."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from matting import refiners
from matting.errors import EngineUnavailable
from matting.refiners import BACKGROUND, BUILT_IN, FOREGROUND, UNKNOWN, Tile, learnt


def tile(height: int, width: int, seed: int = 1) -> Tile:
    """Noise, in which all three values of the trimap stand where they fit."""
    rng = np.random.default_rng(seed)
    trimap = np.full((height, width), UNKNOWN, np.uint8)
    trimap[:, : width // 3] = BACKGROUND
    trimap[:, width - width // 3 :] = FOREGROUND
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    return Tile(pixels, trimap, rng.integers(0, 256, (height, width), np.uint8))


@pytest.fixture(params=BUILT_IN)
def refiner(request: pytest.FixtureRequest) -> refiners.Refiner:
    return refiners.load(request.param, {})


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (40, 57)])
def test_alpha_has_the_tiles_size_and_16_bits_and_is_the_same_each_time(
    refiner: refiners.Refiner, size: tuple[int, int]
) -> None:
    first, again = refiner.refine(tile(*size)), refiner.refine(tile(*size))
    assert (first.dtype, first.shape) == (np.uint16, size)
    assert (first == again).all()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_tile_without_any_contrast_is_what_the_network_said(
    refiner: refiners.Refiner, level: int
) -> None:
    flat = np.full((20, 20, 3), level, np.uint8)
    unknown, coarse = np.full((20, 20), UNKNOWN, np.uint8), np.full((20, 20), 128, np.uint8)
    alpha = refiner.refine(Tile(flat, unknown, coarse))
    assert np.abs(alpha.astype(int) - 128 * 257).max() < 257


def test_nothing_is_written_to(refiner: refiners.Refiner) -> None:
    given = tile(30, 30)
    for each in (given.pixels, given.trimap, given.coarse):
        each.flags.writeable = False
    refiner.refine(given)


def test_it_says_its_name(refiner: refiners.Refiner) -> None:
    assert refiner.describe()["name"] in BUILT_IN
    assert 0 < refiner.overlap < refiner.side


def test_what_learnt_moves_is_an_edge_and_nothing_that_is_sure() -> None:
    corrected, closed = (refiners.load(name, {}) for name in ("learnt", "closed-form"))
    for size in ((300, 200), (128, 90)):
        given = tile(*size)
        alpha, before = corrected.refine(given), closed.refine(given)
        unknown = given.trimap == UNKNOWN
        assert (alpha[given.trimap == BACKGROUND] == 0).all()
        assert (alpha[given.trimap == FOREGROUND] == 65535).all()
        moved = np.abs(alpha.astype(int) - before)[unknown]
        assert 0.002 < moved.mean() / 65535 < 0.4


def test_learnt_leaves_alone_what_both_are_sure_of() -> None:
    """Before a gaudy, blurred backdrop it made a haze of all that it was asked about."""
    rng = np.random.default_rng(1)
    pixels = cv2.GaussianBlur(rng.integers(0, 256, (160, 160, 3), np.uint8), (0, 0), 9)
    pixels = cv2.normalize(pixels, pixels, 0, 255, cv2.NORM_MINMAX)
    pixels[:, :60] = 20
    trimap = np.full((160, 160), UNKNOWN, np.uint8)
    trimap[:, :20] = FOREGROUND
    coarse = np.zeros((160, 160), np.uint8)
    coarse[:, :60] = 255
    given = Tile(pixels, trimap, coarse)
    corrected, closed = (
        refiners.load(name, {}).refine(given) for name in ("learnt", "closed-form")
    )
    clear, opaque = (closed == 0) & (coarse == 0), (closed == 65535) & (coarse == 255)
    assert clear.mean() > 0.1
    assert not corrected[clear].any()
    assert (corrected[opaque] == 65535).all()


def test_learnt_says_that_its_file_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnt, "_FILE", "absent.onnx")
    learnt._loaded.cache_clear()
    with pytest.raises(EngineUnavailable, match=r"absent.onnx"):
        refiners.load("learnt", {})
