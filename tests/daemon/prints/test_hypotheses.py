"""Rectangles that could be prints have an edge on each side; all that have are told."""

from __future__ import annotations

import numpy as np

from daemon.prints import hypotheses
from daemon.prints.frame import Frame

Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""


def framed(*boxes: Box) -> Frame:
    """A frame in which just these rectangles show edges, three pixels wide as edges are."""
    upright, level = np.zeros((300, 300), bool), np.zeros((300, 300), bool)
    mask = np.zeros((300, 300), np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 1
        for x in (left, right):
            upright[top:bottom, x - 1 : x + 2] = True
        for y in (top, bottom):
            level[y - 1 : y + 2, left:right] = True
    return Frame(0.0, np.array([[1.0, 0, 0], [0, 1.0, 0]]), upright, level, mask)


def test_sides_of_two_prints_may_lie_nearly_in_one_line() -> None:
    """Of the shorter one, a little askew, only the columns next to the longer one show it all."""
    boxes = [(20, 20, 160, 140), (22, 160, 122, 260)]
    frame = framed(*boxes)
    frame.upright[160:260, 21] = False
    found = hypotheses.of_frame(frame, 60.0)
    for left, top, right, bottom in boxes:
        wanted = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
        told = [
            (h.rectangle.x, h.rectangle.y, h.rectangle.width, h.rectangle.height) for h in found
        ]
        assert np.abs(np.array(told) - wanted).max(axis=1).min() <= 1.0
