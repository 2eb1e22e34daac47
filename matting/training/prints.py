"""Prints made old at a photo's own size: one picture at a time, with OpenCV.

`ageing` does more and is for the small squares of the coarse network; at a photo's own size it
takes seconds a picture, and the fine network needs no torn corners.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
"""(height, width, 3) RGB, 0..1, but for single planes."""


def clouds(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> Floats:
    """Smooth noise, 0..1, (height, width); ``cell`` is how many pixels a blob takes."""
    small = rng.random([max(2, round(side / cell)) for side in shape]).astype(np.float32)
    return np.asarray(
        cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32
    )


def fresh(rng: np.random.Generator, picture: Floats) -> Floats:
    """As a camera has it: at most a little soft, a little noise."""
    if rng.random() < 0.5:
        picture = _softened(picture, rng.uniform(0.2, 0.7))
    noise = rng.uniform(0, 0.008) * rng.standard_normal(picture.shape, np.float32)
    return np.asarray((picture + noise).clip(0, 1), np.float32)


def faded(rng: np.random.Generator, picture: Floats) -> Floats:
    """One colour, flat, grainy, a little soft, as old prints are."""
    weights = np.array([0.299, 0.587, 0.114]) * rng.uniform(0.3, 1.2, 3)
    grey = picture @ (weights / weights.sum()).astype(np.float32)
    grey = _softened(grey, rng.uniform(0.3, 1.4))
    black = rng.uniform(0, 0.3)
    grey = black + (rng.uniform(0.55, 1) - black) * grey
    if rng.random() < 0.3:
        grey = grey * (0.8 + 0.35 * clouds(rng, grey.shape, max(grey.shape) / 4))
    grey = grey + _grain(rng, grey.shape)
    warm = rng.uniform(-0.05, 0.35)
    tint = np.array([1 + 0.2 * warm, 1 - 0.1 * warm, 1 - warm], np.float32)
    return np.asarray((grey[..., None] * tint).clip(0, 1), np.float32)


def damaged(rng: np.random.Generator, picture: Floats) -> Floats:
    """Faded, with scratches, specks and a fold; more or fewer of them."""
    old = np.ascontiguousarray(faded(rng, picture))
    height, width = old.shape[:2]
    ink = rng.uniform(0.75, 1) * np.array([1, 0.95, 0.9]) if rng.random() < 0.85 else [0.1] * 3
    colour = tuple(float(one) for one in ink)
    for _ in range(rng.integers(0, 12)):
        x, thick = rng.uniform(0, width), int(rng.integers(1, 3))
        ends = (round(x), 0), (round(x + rng.normal() * 0.03 * width), height)
        cv2.line(old, *ends, colour, thick, cv2.LINE_AA)
    for _ in range(rng.integers(0, 240)):
        centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        cv2.circle(old, centre, int(rng.integers(1, 4)), colour, -1, cv2.LINE_AA)
    for _ in range(rng.integers(0, 3)):
        y = rng.uniform(0.1, 0.9) * height
        ends = (0, round(y)), (width, round(y + rng.normal() * 0.03 * height))
        cv2.line(old, *ends, colour, int(rng.integers(1, 4)), cv2.LINE_AA)
    return old


def compressed(rng: np.random.Generator, picture: Floats) -> NDArray[np.uint8]:
    """8 bits, half of the time by way of a JPEG."""
    eight = np.asarray((picture * 255 + 0.5).clip(0, 255), np.uint8)
    if rng.random() < 0.5:
        return eight
    _, file = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 97))])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)


def _softened(picture: Floats, deviation: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation), np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    noise = rng.standard_normal(shape, np.float32)
    if rng.random() < 0.4:  # scanned finer than its grain
        noise = _softened(noise, 0.7) * 2
    return noise * np.float32(rng.uniform(0, 0.035))
