"""Prints laid on a platen, and looked for."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints import find

Picture = NDArray[np.uint8]


def small(scan: Picture) -> tuple[Picture, float]:
    scale = max(1.0, max(scan.shape[:2]) / find.LONG_SIDE)
    size = round(scan.shape[1] / scale), round(scan.shape[0] / scale)
    return np.asarray(cv2.resize(scan, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def on_platen(level: int = 20, size: tuple[int, int] = (1100, 800)) -> Picture:
    noise = np.random.default_rng(1).normal(level, 1.5, (*size, 3))
    return np.clip(np.round(noise), 0, 255).astype(np.uint8)


def lay(scan: Picture, photo: Picture, x: int, y: int, width: int, height: int) -> None:
    scan[y : y + height, x : x + width] = cv2.resize(photo, (width, height))
