"""What windows see is put where it belongs."""

from __future__ import annotations

import numpy as np

from matting.people.network import SIDE
from matting.people.windows import SCALES, seen_in, together
from matting.picture.windows import Window, windows


class Bright:
    """Stands in for the network: what is bright is a person."""

    def look(self, square):
        assert square.shape == (SIDE, SIDE, 3)
        return square[..., 0].astype(np.float32) / 255


def test_what_windows_see_is_put_where_it_is() -> None:
    picture = np.zeros((300, 450, 3), np.uint8)
    picture[60:120, 300:390] = 255
    for scale in SCALES:
        seen = seen_in(picture, windows((300, 450), scale), Bright(), (100, 150))  # type: ignore[arg-type] # sees what is bright
        assert seen[25:35, 105:125].min() > 0.95
        assert seen[:10].max() < 0.05
        assert seen[:, :80].max() < 0.05


def test_where_there_is_no_window_there_is_nobody() -> None:
    corner = Window(0, 0, 40, 60), np.ones((256, 256), np.float32)
    seen = together([corner], (120, 80), (60, 40))
    assert (seen[:30, :20] > 0.99).all()
    assert not seen[30:].any()
    assert not seen[:, 20:].any()


def test_in_its_middle_a_window_counts_most() -> None:
    parts = [Window(0, 0, 80, 80), Window(40, 0, 80, 80)]
    nobody, somebody = (np.full((256, 256), level, np.float32) for level in (0, 1))
    seen = together(zip(parts, (nobody, somebody), strict=True), (80, 120), (80, 120))
    assert seen[40, 45] < 0.3
    assert seen[40, 75] > 0.7
