"""Scenes with small people, composed by tests."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def hung(portrait: Picture, wall: Picture, height: int, corner: tuple[int, int]) -> Picture:
    """The portrait, so many rows high, on a wall; ``corner`` is (row, column)."""
    width = round(portrait.shape[1] * height / portrait.shape[0])
    small = cv2.resize(portrait, (width, height), interpolation=cv2.INTER_AREA)
    scene = wall.copy()
    scene[corner[0] : corner[0] + height, corner[1] : corner[1] + width] = small
    return scene
