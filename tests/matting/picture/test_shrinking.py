"""Shrunk pictures are OpenCV's averages, of whatever size they are."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from matting.picture.shrinking import shrunk

SIZES = [
    ((40, 30), (40, 30)),
    ((40, 30), (20, 15)),
    ((41, 37), (40, 3)),
    ((97, 61), (7, 19)),
    ((5, 5), (1, 1)),
]


@pytest.mark.parametrize(("large", "small"), SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("bands", [(), (3,)])
def test_a_shrunk_picture_is_the_mean_of_what_lies_in_each_pixel(
    large: tuple[int, int], small: tuple[int, int], dtype: type, bands: tuple[int, ...]
) -> None:
    """OpenCV's INTER_AREA is the reference; sums in another order round to the other side."""
    rng = np.random.default_rng(7)
    shape = large[1], large[0], *bands
    picture: Any = rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    expected = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    found = shrunk(picture, small)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_even_ground_stays_even_in_a_window_of_a_picture() -> None:
    """Weights add up to one at every pixel, and what lies beside a window does not count."""
    whole = np.zeros((60, 80, 3), np.uint8)
    whole[7:50, 9:70] = 255
    assert (shrunk(whole[7:50, 9:70], (23, 17)) == 255).all()
