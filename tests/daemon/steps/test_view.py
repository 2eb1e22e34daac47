"""A view shows the network a part of the photo and puts the matte back where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.transform import downscale_local_mean

from daemon.steps.view import View
from matting.picture.boxes import Box

sizes = st.integers(1, 60)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_large_photo_is_shrunk_by_area_averages() -> None:
    photo = noise(80, 120)
    expected = downscale_local_mean(photo, (4, 4, 1))
    assert np.abs(View.of(photo, 30).pixels - expected).max() <= 1


def test_a_small_photo_is_neither_enlarged_nor_shared() -> None:
    photo = noise(20, 30)
    view = View.of(photo, 1000)
    assert (view.pixels == photo).all()
    assert not np.shares_memory(view.pixels, photo)


@given(height=sizes, width=sizes, long_side=st.integers(1, 80))
def test_no_side_is_longer_than_the_long_side_or_empty(
    height: int, width: int, long_side: int
) -> None:
    pixels = View.of(noise(height, width), long_side).pixels
    assert max(pixels.shape[:2]) == min(long_side, max(height, width))
    assert min(pixels.shape) >= 1


def test_coming_closer_shows_detail_that_the_whole_could_not() -> None:
    photo = noise(400, 400)
    closer = View.of(photo, 40).closer(Box(100, 50, 40, 30))
    assert (closer.pixels == photo[50:80, 100:140]).all()
    assert (closer.detail == photo[50:80, 100:140]).all()


def test_boxes_are_rounded_outwards_and_clipped() -> None:
    view = View.of(noise(40, 50), 100).closer(Box(-3.5, 10.2, 20.1, 99))
    assert view.box == Box(0, 10, 17, 30)
    assert view.window == (slice(10, 40), slice(0, 17))


@pytest.mark.parametrize("box", [Box(50, 0, 5, 5), Box(-9, 0, 9, 9), Box(3, 3, 0, 4)])
def test_a_box_outside_the_photo_is_refused(box: Box) -> None:
    with pytest.raises(ValueError, match="not inside"):
        View.of(noise(40, 50), 100).closer(box)


def test_boxes_of_the_view_are_found_in_the_photo_through_two_looks() -> None:
    view = View.of(noise(400, 800), 80).closer(Box(200, 100, 320, 160))
    assert view.pixels.shape == (40, 80, 3)
    assert view.in_photo(Box(20, 10, 40, 20)) == Box(280, 140, 160, 80)


def test_the_matte_of_a_part_is_framed_by_nothing() -> None:
    view = View.of(noise(40, 50), 100).closer(Box(5, 10, 20, 15))
    matte = np.arange(1, 301, dtype=np.uint16).reshape(15, 20)
    framed = view.frame(matte)
    assert framed.shape == (40, 50)
    assert (framed[10:25, 5:25] == matte).all()
    assert np.count_nonzero(framed) == 300


def test_a_step_cannot_change_shape_or_depth() -> None:
    view = View.of(noise(8, 9), 100)
    with pytest.raises(ValueError, match="a step made"):
        view.toned(noise(9, 8))
    with pytest.raises(ValueError, match="a step made"):
        view.toned(view.pixels.astype(np.uint16))  # what is refused here
