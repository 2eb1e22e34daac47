"""A face of which hardly anything is in the matte is outside of it."""

from __future__ import annotations

import numpy as np
import pytest

from matting.faces import is_outside
from matting.picture.boxes import Box


@pytest.mark.parametrize(
    ("box", "outside"),
    [
        (Box(60, 20, 10, 10), True),
        (Box(10, 20, 10, 10), False),
        (Box(46, 20, 10, 10), False),
        (Box(48, 20, 10, 10), True),
        (Box(95, 90, 20, 20), True),
        (Box(-5, -5, 10, 10), False),
        (Box(60.4, 20.4, 0.1, 0.1), True),
        (Box(200, 200, 10, 10), False),
    ],
    ids=[
        *("beside", "within", "cut off by half", "but for a fifth"),
        *("beyond the corner", "beyond a corner of people", "a pixel", "nowhere"),
    ],
)
def test_a_face_is_outside_where_hardly_anything_of_it_was_taken(box: Box, outside: bool) -> None:  # noqa: FBT001 - as parametrize has it
    people = np.zeros((100, 100), np.float32)
    people[:, :50] = 1
    assert is_outside(box, people) is outside
