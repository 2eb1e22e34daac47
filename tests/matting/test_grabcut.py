"""The embedded engine on real portraits, against mattes that networks made, and at the edges."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from skimage import data

from daemon.demo.photos import make_photos
from daemon.pipeline import prepare
from daemon.profiles import BUILT_IN
from daemon.view import View
from matting.engines import Answer, Engine, load
from matting.engines.grabcut import edge, mixture, prior, segment
from matting.errors import EngineUnavailable
from matting.people import Box

SCORED = (
    "boy-scratched.png",
    "couple-1912.jpg",
    "curly-grey.jpg",
    "girl-1870.jpg",
    "hayes-1870s.jpg",
    "inuit-woman-1903.png",
    "lincoln-1863.jpg",
    "man-24mp.jpg",
    "musician-1867.jpg",
    "seneca-1908.jpg",
)


class Matted(NamedTuple):
    """A photo, the engine's answer, another network's matte, and processor seconds."""

    pixels: np.ndarray
    answer: Answer
    reference: np.ndarray
    took_s: float


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load("grabcut", {})


@pytest.fixture(scope="module")
def portraits(engine: Engine, photos_dir: Path) -> dict[str, Matted]:
    """Every scored photo, matted once, as the pipeline would hand it over."""
    return {name: matted(engine, photos_dir / name) for name in SCORED}


def matted(engine: Engine, path: Path) -> Matted:
    pixels = picture(path)
    reference = cv2.imread(str(path.parents[1] / "mattes" / f"{path.stem}.png"), 0)
    start = time.process_time()
    answer = engine.matte(pixels)
    return Matted(pixels, answer, reference, time.process_time() - start)


def picture(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.shape[2] == 4:
        share = image[..., 3:] / 255
        image = np.rint(image[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
    factor = min(1.0, 1536 / max(image.shape))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2RGB)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union at half opacity."""
    one, other = one > 127, other > 127
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))


def at_reference(matted: Matted) -> np.ndarray:
    size = matted.reference.shape[::-1]
    return cv2.resize(matted.answer.alpha, size, interpolation=cv2.INTER_AREA)


def test_it_says_what_it_is(engine: Engine) -> None:
    said = engine.describe()
    assert said == {"model": None, "framework": f"opencv {cv2.__version__}", "device": "cpu"}


def test_real_portraits_overlap_with_a_networks_mattes(portraits: dict[str, Matted]) -> None:
    overlaps = {n: overlap(at_reference(m), m.reference) for n, m in portraits.items()}
    assert np.mean(list(overlaps.values())) >= 0.85, overlaps
    assert min(overlaps.values()) > 0.6, overlaps


def test_real_portraits_differ_little_from_a_networks_mattes(
    portraits: dict[str, Matted],
) -> None:
    gaps = {
        n: np.abs(at_reference(m) / 255 - m.reference / 255).mean() for n, m in portraits.items()
    }
    assert np.mean(list(gaps.values())) <= 0.07, gaps


def test_alpha_has_the_pictures_size_and_reaches_both_ends(portraits: dict[str, Matted]) -> None:
    for name, m in portraits.items():
        assert m.answer.alpha.shape == m.pixels.shape[:2], name
        assert m.answer.alpha.dtype == np.uint8, name
        assert m.answer.alpha.min() == 0, name
        assert np.mean(m.answer.alpha == 255) > 0.05, name


def test_the_people_are_counted(portraits: dict[str, Matted]) -> None:
    counts = {name: m.answer.people for name, m in portraits.items()}
    assert counts == {name: 2 if name == "couple-1912.jpg" else 1 for name in SCORED}


def test_a_portrait_takes_seconds_not_minutes(portraits: dict[str, Matted]) -> None:
    """Processor time, so that a busy machine does not fail it; usually below 3 s."""
    assert np.median([m.took_s for m in portraits.values()]) < 12


def test_the_same_picture_gives_the_same_matte(engine: Engine) -> None:
    first, second = (engine.matte(data.astronaut()).alpha for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_mirrored_photo_gives_the_mirrored_matte(
    engine: Engine, portraits: dict[str, Matted]
) -> None:
    straight = portraits["hayes-1870s.jpg"]
    mirrored = engine.matte(np.ascontiguousarray(straight.pixels[:, ::-1])).alpha[:, ::-1]
    assert overlap(mirrored, straight.answer.alpha) > 0.93
    gap = np.abs(mirrored.astype(float) - straight.answer.alpha).mean() / 255
    assert gap < 0.04


def test_the_demos_astronaut_keeps_head_and_torso_and_leaves_the_black_table(
    engine: Engine, tmp_path: Path
) -> None:
    """As the demo hands her over: it was the steps' toning that let the table leak in."""
    for path in make_photos(tmp_path):
        view = prepare(View.of(picture(path), 1536), BUILT_IN["old-photo"])
        solid = engine.matte(view.pixels).alpha > 127
        height, width = solid.shape
        rows = slice(int(0.54 * height), int(0.62 * height))
        assert solid[rows, int(0.8 * width) :].mean() < 0.05, path.name
        assert solid[rows, int(0.2 * width) : int(0.6 * width)].mean() > 0.95, path.name
        head = solid[int(0.08 * height) : int(0.33 * height), int(0.35 * width) : int(0.52 * width)]
        assert head.mean() > 0.95, path.name


def test_nobody_gives_an_empty_matte_and_says_so(engine: Engine, photos_dir: Path) -> None:
    answer = engine.matte(picture(photos_dir / "bridge-1880s-nobody.jpg"))
    assert answer.people == 0
    assert not answer.alpha.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3, 2000), (2000, 3), (31, 17)])
def test_odd_shapes_give_an_empty_matte_of_that_shape(
    engine: Engine, shape: tuple[int, int]
) -> None:
    answer = engine.matte(np.full((*shape, 3), 128, np.uint8))
    assert answer.alpha.shape == shape
    assert answer.people == 0


def test_a_scan_of_many_megapixels_is_worked_on_small(engine: Engine) -> None:
    small = data.astronaut()
    large = cv2.resize(small, (5000, 5000), interpolation=cv2.INTER_CUBIC)
    answer = engine.matte(large)
    assert answer.alpha.shape == (5000, 5000)
    reduced = cv2.resize(answer.alpha, (512, 512), interpolation=cv2.INTER_AREA)
    assert overlap(reduced, engine.matte(small).alpha) > 0.8


def test_the_cut_follows_the_contrast_and_not_the_odds_alone() -> None:
    """Odds reach four pixels too far to the right; the step in the picture says where to stop."""
    pixels = np.full((60, 60, 3), 40, np.uint8)
    pixels[:, 30:] = 200
    odds = np.full((60, 60), -2.0, np.float32)
    odds[:, :30] = 2.0
    odds[:, 30:34] = 0.3
    mask = segment.cut(pixels, odds)
    assert mask[:, :30].all()
    assert not mask[:, 30:].any()


def test_a_cut_without_any_foreground_is_empty() -> None:
    pixels = np.full((20, 20, 3), 40, np.uint8)
    assert not segment.cut(pixels, np.full((20, 20), -3, np.float32)).any()


def test_the_prior_knows_head_and_shoulders() -> None:
    odds = prior.log_odds((400, 400), [Box(175, 80, 50, 50)])
    assert odds[105, 200] > 3
    assert odds[250, 200] > 3
    assert odds[105, 300] < -3
    assert odds[20, 200] < -2
    assert odds[180, 160] > 0 > odds[105, 160]


def test_nobody_reaches_far_beyond_the_shoulders_and_elbows_reach_farther() -> None:
    odds = prior.reach((400, 400), [Box(175, 80, 50, 50)])
    assert odds[185, 200] == odds[185, 260] == 0
    assert odds[185, 330] == -prior.LIMIT
    assert odds[255, 310] == 0
    assert odds[255, 399] == -prior.LIMIT


def test_anybodys_reach_is_enough() -> None:
    left, right = Box(75, 80, 50, 50), Box(275, 80, 50, 50)
    both = prior.reach((400, 400), [left, right])
    alone = [prior.reach((400, 400), [face]) for face in (left, right)]
    np.testing.assert_array_equal(both, np.maximum(*alone))


def test_the_mixture_finds_the_clusters_it_was_fed() -> None:
    """Against the figures the points were drawn with; a third cluster of no weight is ignored."""
    draw = np.random.default_rng(3)
    truth = np.array([[10.0, 10.0], [60.0, 20.0], [200.0, 200.0]])
    points = np.concatenate([draw.normal(mean, 3, (500, 2)) for mean in truth])
    weights = np.repeat([1.0, 1.0, 0.0], 500)
    fitted = mixture.fit(points, weights, 2, np.full(2, 0.1))
    means = fitted.means[np.argsort(fitted.means[:, 0])]
    np.testing.assert_allclose(means, truth[:2], atol=0.6)
    np.testing.assert_allclose(fitted.shares, 0.5, atol=0.05)
    height = 0.5 / (2 * np.pi * 9)
    assert abs(np.exp(fitted.log_density(truth[:1])[0]) / height - 1) < 0.15


def test_specks_vanish_and_pinholes_close() -> None:
    mask = np.zeros((200, 200), bool)
    mask[50:150, 50:150] = True
    expected = mask.copy()
    mask[100:103, 100:103] = False
    mask[10:13, 10:13] = True
    np.testing.assert_array_equal(edge.clean(mask), expected)


def test_the_edge_of_a_blurred_disc_comes_back_soft() -> None:
    """The blur itself is the reference: alpha by construction."""
    rows, columns = np.indices((200, 200))
    disc = (np.hypot(rows - 100, columns - 100) < 60).astype(np.float32)
    truth = cv2.GaussianBlur(disc, (0, 0), 1.5)
    pixels = np.dstack([40 + 160 * truth, 60 + 120 * truth, 200 - 150 * truth]).astype(np.uint8)
    alpha = edge.alpha_of(pixels, truth > 0.5) / 255
    assert np.abs(alpha - truth).mean() < 0.01
    assert np.abs(alpha - truth).max() < 0.15


def test_a_demanded_gpu_is_refused_and_never_ignored() -> None:
    with pytest.raises(EngineUnavailable, match="demand a GPU"):
        load("grabcut", {"device": "gpu"})
