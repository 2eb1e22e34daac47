"""Small photos that every checkout has: scikit-image's, and prints made from them.

The real photos that some tests want are not part of the project; what can be tried with any photo
is tried with these.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data
from skimage.color import lab2rgb, rgb2lab

Picture = NDArray[np.uint8]


def colour() -> dict[str, Picture]:
    """Photos in colour, RGB: a portrait, a cup, a cat."""
    return {name: np.asarray(getattr(data, name)()) for name in ("astronaut", "coffee", "cat")}


def sepia(picture: Picture) -> Picture:
    """A print without colours on yellowed paper, RGB."""
    lab = rgb2lab(picture)
    lab[..., 1:] = 4, 18
    toned: Picture = np.rint(255 * lab2rgb(lab)).astype(np.uint8)
    return toned


def scratched(picture: Picture) -> Picture:
    """The same with bright scratches from top to bottom, a pixel wide."""
    marked = picture.copy()
    height, width = picture.shape[:2]
    for number, left in enumerate(range(width // 9, width, width // 5)):
        end = (left + (number - 2) * width // 40, height)
        cv2.line(marked, (left, 0), end, (245, 240, 230), 1)
    return marked


def write(folder: Path) -> Path:
    """Write them as files: colour as JPEG, the scratched sepia print as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in colour().items():
        cv2.imwrite(str(folder / f"{name}.jpg"), picture[..., ::-1])
    print_ = scratched(sepia(colour()["astronaut"]))
    cv2.imwrite(str(folder / "print.png"), print_[..., ::-1])
    return folder
