"""Every measure against its definition written out slowly, and against known values."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict

import cv2
import numpy as np
import pytest
from scipy import ndimage

from daemon.bench.measures import (
    connectivity_error,
    distance,
    gradient_error,
    shadow_accuracy,
    soft_error,
    soft_kept,
)

CROSS = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


def to_alpha(share: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(share, 0, 1) * 65535).astype(np.uint16)


def person(height: int = 300, width: int = 220, shift: int = 0) -> np.ndarray:
    """A soft-edged body with a head."""
    rows, columns = np.mgrid[:height, :width].astype(float)
    body = 1.2 - np.hypot((columns - width / 2 - shift) / 60, (rows - height) / 170)
    head = 1.3 - np.hypot((columns - width / 2 - shift) / 35, (rows - height * 0.35) / 45)
    return to_alpha(np.maximum(body, head) * 4)


def noisy(seed: int, height: int = 300, width: int = 220) -> np.ndarray:
    """Blotches at all levels, so that regions fall apart and the largest one changes."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = ndimage.gaussian_filter(noise, 5)
    return to_alpha(0.5 + smooth / smooth.std() * 0.35)


PAIRS = {
    "shifted": (person(shift=6), person()),
    "noise": (noisy(1), noisy(2)),
    "noise on a person": (np.minimum(noisy(3), person()), person()),
    "inverted": (65535 - person(), person()),
    "two in the reference, one in the matte": (
        np.hstack([person(), person() * 0]),
        np.hstack([person(), person()]),
    ),
    "one row": (noisy(4, 1, 64), noisy(5, 1, 64)),
    "higher than a strip by one": (noisy(6, 257, 40), noisy(7, 257, 40)),
}
pairs = pytest.mark.parametrize(("matte", "reference"), PAIRS.values(), ids=PAIRS)


@pairs
def test_differences_are_those_of_the_definition(matte: np.ndarray, reference: np.ndarray) -> None:
    a, r = matte / 65535, reference / 65535
    found = distance(matte, reference)
    assert found.sad == pytest.approx(np.abs(a - r).sum() / 1000)
    assert found.mad == pytest.approx(np.abs(a - r).mean())
    assert found.mse == pytest.approx(((a - r) ** 2).mean())
    assert found.iou == ((a > 0.5) & (r > 0.5)).sum() / ((a > 0.5) | (r > 0.5)).sum()


@pairs
def test_gradient_error_is_that_of_scipys_gaussian_derivatives(
    matte: np.ndarray, reference: np.ndarray
) -> None:
    def steepness(alpha: np.ndarray) -> np.ndarray:
        impulse = np.zeros((41, 41))
        impulse[20, 20] = 1
        squares = np.zeros(alpha.shape)
        for order in ((0, 1), (1, 0)):
            settings = {"sigma": 1.4, "order": order, "radius": 4, "mode": "nearest"}
            energy = np.sqrt((ndimage.gaussian_filter(impulse, **settings) ** 2).sum())
            squares += (ndimage.gaussian_filter(alpha / 65535, **settings) / energy) ** 2
        return np.sqrt(squares)

    expected = ((steepness(matte) - steepness(reference)) ** 2).sum() / 1000
    assert gradient_error(matte, reference) == pytest.approx(expected, rel=1e-6)


@pairs
def test_connectivity_error_is_that_of_a_flood_fill_at_every_level(
    matte: np.ndarray, reference: np.ndarray
) -> None:
    a, r = matte / 65535, reference / 65535
    level, connected = np.zeros(a.shape), np.ones(a.shape, bool)
    for step in range(1, 11):
        both = (a >= step / 10) & (r >= step / 10)
        labels, count = ndimage.label(both, CROSS)
        sizes = ndimage.sum_labels(both, labels, range(1, count + 1))
        connected &= labels == 1 + np.argmax(sizes) if count else False
        level[connected] = step / 10
    phi = [1 - (x - level) * (x - level >= 0.15) for x in (a, r)]
    expected = np.abs(phi[0] - phi[1]).sum() / 1000
    assert connectivity_error(matte, reference) == pytest.approx(expected, rel=1e-9)


def test_a_perfect_matte_has_no_errors() -> None:
    perfect = asdict(distance(person(), person()))
    assert perfect.pop("iou") == 1
    assert set(perfect.values()) == {0}


def test_what_is_known_beforehand() -> None:
    empty, full = np.zeros((50, 40), np.uint16), np.full((50, 40), 65535, np.uint16)
    found = distance(empty, full)
    assert (found.sad, found.mse, found.mad, found.iou) == (2.0, 1.0, 1.0, 0.0)
    assert found.gradient == pytest.approx(0)  # both are even
    assert found.connectivity == 2.0
    assert distance(empty, empty).iou == 1.0
    half = np.full((50, 40), 32768, np.uint16)
    assert distance(half, full).mse == pytest.approx(0.25, abs=1e-4)


def test_a_step_costs_what_one_gaussian_edge_costs() -> None:
    """The slope of a step of 1 is the bell itself: per row its energy over that of the slope."""
    step = np.zeros((100, 101), np.uint16)
    step[:, 50:] = 65535
    at = np.arange(-4, 5)
    bell = np.exp(-(at**2) / (2 * 1.4**2))
    slope = at * bell
    across = np.cumsum((slope / np.linalg.norm(slope))[::-1])
    along = bell.sum() / np.linalg.norm(bell)
    expected = 100 * (across**2).sum() * along**2 / 1000
    assert gradient_error(step, np.zeros_like(step)) == pytest.approx(expected, rel=1e-6)


def test_a_bit_far_from_the_person_is_unconnected_and_a_wider_person_is_not() -> None:
    reference = np.zeros((100, 100), np.uint16)
    reference[30:70, 30:70] = 65535
    apart = reference.copy()
    apart[5:15, 5:15] = 65535
    assert connectivity_error(apart, reference) == pytest.approx(0.1)
    holed = reference.copy()
    holed[40:50, 40:50] = 0
    assert connectivity_error(holed, reference) == pytest.approx(0.1)
    fainter = (reference * 0.95).astype(np.uint16)  # within theta of the level below
    assert connectivity_error(fainter, reference) == 0


@pytest.mark.parametrize(("height", "width"), [(0, 4), (4, 0), (4, 5)])
def test_what_cannot_be_compared_is_refused(height: int, width: int) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        distance(np.zeros((height, width), np.uint16), np.zeros((4, 4), np.uint16)[:height, :width])


def test_a_perfect_matte_keeps_all_that_is_soft_and_a_hard_or_empty_one_nothing() -> None:
    reference = person()
    assert soft_kept(reference, reference) == 1
    assert soft_kept(np.where(reference > 32767, 65535, 0), reference) == 0
    assert soft_kept(np.zeros_like(reference), reference) == 0


def test_what_is_soft_counts_within_a_fifth() -> None:
    reference = person()
    band = (reference > 0.05 * 65535) & (reference < 0.95 * 65535)
    right = slice(110, None)
    shifted = reference.astype(int)
    shifted[:, right] += np.where(band, 0.21 * 65535, 0).astype(int)[:, right]
    expected = band[:, :110].sum() / band.sum()
    found = soft_kept(shifted.clip(0, 65535).astype(np.uint16), reference)
    assert found == pytest.approx(expected, abs=0.02)


@pairs
def test_the_error_of_what_is_soft(matte: np.ndarray, reference: np.ndarray) -> None:
    a, r = matte / 65535, reference / 65535
    soft = (r > 0.03) & (r < 0.97)
    assert soft_error(matte, reference) == pytest.approx(np.abs(a - r)[soft].mean(), rel=1e-9)


def test_without_soft_pixels_there_is_no_figure_for_them() -> None:
    hard = np.where(person() > 32767, 65535, 0).astype(np.uint16)
    assert soft_kept(hard, hard) is None
    assert soft_error(hard, hard) is None


def test_shadows_are_the_darkest_quarter_of_a_person() -> None:
    reference = np.zeros((200, 100), np.uint16)
    reference[50:150, 10:90] = 65535
    light = np.full(reference.shape, 200, np.uint8)
    light[:, :30] = 40  # the left quarter of the person lies in shadow, and some of the wall
    holed = reference.copy()
    holed[50:100, 10:30] = 0.89 * 65535
    assert shadow_accuracy(reference, reference, light) == 1
    assert shadow_accuracy(holed, reference, light) == 0.5
    elsewhere = reference.copy()
    elsewhere[50:100, 40:90] = 0
    assert shadow_accuracy(elsewhere, reference, light) == 1


def test_without_a_person_in_the_reference_there_is_no_figure_for_shadows() -> None:
    nobody, light = np.zeros((30, 20), np.uint16), np.zeros((30, 20), np.uint8)
    assert shadow_accuracy(nobody, nobody, light) is None


MEMORY = """
import resource, time, numpy as np, cv2
from daemon.bench.measures import distance
cv2.setNumThreads(1)
rows, columns = np.ogrid[:4000, :3000]
reference = np.where(np.hypot(columns - 1500, (rows - 2500) / 2) < 1000, 65535, 0).astype(np.uint16)
reference = cv2.blur(reference, (31, 31))
matte = np.roll(reference, 20, 1)
matte[::7, ::5] ^= 4095
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = distance(matte, reference)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_large_mattes_take_ten_bytes_of_memory_for_each_pixel() -> None:
    """At 12 megapixels that is 114 MiB; the two as floats would be 183, and filtered 183 more."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 150


def test_the_shared_scorer_would_say_the_same_of_the_iou() -> None:
    """It compares bytes at the reference's size; rounding may flip a pixel."""
    large = cv2.resize(person(600, 440, shift=9), (220, 300), interpolation=cv2.INTER_AREA)
    a, r = (np.rint(x / 257).astype(np.uint8) / 255 for x in (large, person()))
    expected = ((a > 0.5) & (r > 0.5)).sum() / ((a > 0.5) | (r > 0.5)).sum()
    assert distance(large, person()).iou == pytest.approx(expected, abs=1e-3)
