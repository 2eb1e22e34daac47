"""A portrait whose alpha is known, drawn by us: no photo from elsewhere is needed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 800, 640


def portrait() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """A head with soft hair and a dark coat before a light wall.

    Returns:
        (800, 640, 3) uint8 RGB and (800, 640) uint16.
    """
    chance = np.random.default_rng(1)
    hair, face, coat = (_shape(kind) for kind in ("hair", "face", "coat"))
    fringe = cv2.GaussianBlur(hair, (0, 0), 5)
    solid = cv2.GaussianBlur(np.maximum(face, coat), (0, 0), 1)
    alpha = np.maximum(fringe, solid)
    colours = np.full((HEIGHT, WIDTH, 3), (70, 50, 40), np.float32)
    colours[coat > 0.5] = (40, 42, 50)
    colours[face > 0.5] = (215, 170, 150)
    colours += chance.normal(0, 6, (HEIGHT, WIDTH, 1))
    wall = np.linspace(190, 225, WIDTH)[None, :, None] + chance.normal(0, 2, (HEIGHT, WIDTH, 1))
    picture = alpha[..., None] * colours + (1 - alpha[..., None]) * wall
    return picture.clip(0, 255).astype(np.uint8), np.rint(alpha * 65535).astype(np.uint16)


def _shape(kind: str) -> NDArray[np.float32]:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    if kind == "hair":
        cv2.ellipse(mask, (320, 230), (120, 135), 0, 0, 360, 1, -1)
    elif kind == "face":
        cv2.ellipse(mask, (320, 265), (92, 120), 0, 0, 360, 1, -1)
        cv2.rectangle(mask, (255, 350), (385, 440), 1, -1)
    else:
        cv2.ellipse(mask, (320, 720), (235, 300), 0, 180, 360, 1, -1)
        cv2.rectangle(mask, (85, 720), (555, HEIGHT), 1, -1)
    return mask
