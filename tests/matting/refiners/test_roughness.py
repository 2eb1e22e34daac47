"""The kernel of roughness computes what numpy does on all windows of a picture."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from matting.refiners.roughness import roughness


@pytest.mark.parametrize("shape", [(40, 31), (3, 9), (1, 1)])
def test_roughness_is_the_mean_of_products_around(
    shape: tuple[int, int],
) -> None:
    """Of whole pictures, of some rows far apart, and of windows larger than the picture."""
    rng = np.random.default_rng(1)
    sample, average = (rng.integers(0, 256, (*shape, 3), dtype=np.uint8) for _ in range(2))
    counted = rng.random(shape) < 0.7
    wanted = rng.random(shape) < 0.2
    wanted[5:28] = False
    wanted[-1, -1] = True
    ys, xs = (each.astype(np.int32) for each in np.nonzero(wanted))
    means = np.empty((len(ys), 7), np.float32)
    roughness(sample, average, counted, ys, xs, 7, means)
    apart = (sample.astype(float) - average) / 255 * counted[..., None]
    pairs = [apart[..., i] * apart[..., j] for i in range(3) for j in range(i, 3)]
    planes = np.pad(np.dstack([*pairs, counted]), ((7, 7), (7, 7), (0, 0)), mode="reflect")
    expected = sliding_window_view(planes, (15, 15), axis=(0, 1)).mean(axis=(-2, -1))
    assert np.abs(means - expected[ys, xs]).max() < 1e-6
