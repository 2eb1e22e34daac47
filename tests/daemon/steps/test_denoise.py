"""Known noise goes and edges stay."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.filters import gaussian
from skimage.metrics import peak_signal_noise_ratio

from daemon.steps import denoise
from daemon.steps.view import View


@pytest.fixture(scope="module")
def clean(photos_dir: Path) -> NDArray[np.uint8]:
    """24 megapixels made so small that no noise is left."""
    return View.of(np.asarray(cv2.imread(str(photos_dir / "man-24mp.jpg")), np.uint8), 700).pixels


def noisy(clean: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return np.rint((clean + rng.normal(0, sigma, clean.shape)).clip(0, 255)).astype(np.uint8)


@pytest.mark.parametrize(("sigma", "gain_db"), [(4, 4), (8, 6), (15, 8)])
def test_noise_of_the_stated_strength_goes(
    clean: NDArray[np.uint8], sigma: float, gain_db: float
) -> None:
    """Gains at least this, and more than the best Gaussian blur of scikit-image does."""
    grainy = noisy(clean, sigma)
    after = denoise.apply(View.of(grainy, 700), denoise.Options(strength=sigma)).pixels
    ours, before = (peak_signal_noise_ratio(clean, picture) for picture in (after, grainy))
    blurred = [
        peak_signal_noise_ratio(
            clean, gaussian(grainy, width, channel_axis=2, preserve_range=True), data_range=255
        )
        for width in (0.5, 0.8, 1.2)
    ]
    assert ours > before + gain_db
    assert ours > max(blurred) + 1


def test_an_edge_stays_sharp() -> None:
    step = np.full((60, 60, 3), 80, np.uint8)
    step[:, 30:] = 150
    after = denoise.apply(View.of(noisy(step, 4), 60), denoise.Options()).pixels.astype(float)
    profile = after[5:-5].mean(axis=(0, 2))
    assert profile[30] - profile[29] > 0.95 * 70


def test_a_megapixel_takes_about_a_second_at_most(clean: NDArray[np.uint8]) -> None:
    """Generous: the machine may be busy, which processor time does not count."""
    view = View.of(noisy(clean, 4), 700)
    begin = time.process_time()
    denoise.apply(view, denoise.Options())
    megapixels = view.pixels.shape[0] * view.pixels.shape[1] / 1e6
    assert (time.process_time() - begin) / megapixels < 2  # two cores' worth of one second
