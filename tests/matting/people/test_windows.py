"""Windows cover every picture, however long, and what they see is put where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from matting.people.network import SIDE
from matting.people.windows import SCALES, Window, seen_in, windows

SIZES = [(1, 1), (1, 5000), (30000, 20), (480, 640), (1000, 700), (600, 2400)]


class Bright:
    """Stands in for the network: what is bright is a person."""

    def look(self, square):
        assert square.shape == (SIDE, SIDE, 3)
        return square[..., 0].astype(np.float32) / 255


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


def test_what_windows_see_is_put_where_it_is() -> None:
    picture = np.zeros((300, 450, 3), np.uint8)
    picture[60:120, 300:390] = 255
    for scale in SCALES:
        seen = seen_in(picture, windows((300, 450), scale), Bright(), (100, 150))  # type: ignore[arg-type] # sees what is bright
        assert seen[25:35, 105:125].min() > 0.95
        assert seen[:10].max() < 0.05
        assert seen[:, :80].max() < 0.05


def test_growing_ends_at_the_picture() -> None:
    assert Window(2, 3, 10, 10).grown(5, (14, 100)) == Window(0, 0, 17, 14)
