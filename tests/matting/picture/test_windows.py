"""Windows cover every picture, however long."""

from __future__ import annotations

import numpy as np
import pytest

from matting.picture.windows import Scale, Window, windows

SIZES = [(1, 1), (1, 5000), (30000, 20), (480, 640), (1000, 700), (600, 2400)]
SCALES = [Scale(1.0, 1 / 3, 6), Scale(0.6, 0.3, 16), Scale(0.35, 0.22, 40)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", SCALES)
def test_windows_lie_within_the_picture_and_are_few(size, scale) -> None:
    parts = windows(size, scale)
    assert 1 <= len(parts) <= scale.most
    for part in parts:
        assert part.width == part.height >= 1
        assert 0 <= part.left <= part.left + part.width <= size[1]
        assert 0 <= part.top <= part.top + part.height <= size[0]


@pytest.mark.parametrize("size", [(480, 640), (1000, 700), (700, 1050)])
@pytest.mark.parametrize("scale", SCALES)
def test_windows_of_usual_pictures_leave_nothing_out(size, scale) -> None:
    covered = np.zeros(size, bool)
    for part in windows(size, scale):
        covered[part.slices] = True
    assert covered.all()


def test_growing_ends_at_the_picture() -> None:
    assert Window(2, 3, 10, 10).grown(5, (14, 100)) == Window(0, 0, 17, 14)


def test_a_window_within_another_is_placed_in_its_map() -> None:
    outer = Window(100, 50, 200, 400)
    assert Window(150, 150, 50, 100).within(outer, (40, 20)) == (slice(10, 20), slice(5, 10))
    assert Window(99, 449, 300, 3).within(outer, (40, 20)) == (slice(39, 40), slice(0, 20))
