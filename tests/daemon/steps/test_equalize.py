"""CLAHE, compared with scikit-image's own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from skimage.color import rgb2lab
from skimage.exposure import equalize_adapthist

from daemon.steps import equalize
from daemon.steps.view import View


def test_it_agrees_with_another_clahe_on_what_gets_brighter(made_photos: Path) -> None:
    photo = cv2.imread(str(made_photos / "astronaut.jpg"))[..., ::-1]
    faded = (photo // 4 + 110).astype(np.uint8)
    before = rgb2lab(faded)[..., 0]
    ours = rgb2lab(equalize.apply(View.of(faded, 800), equalize.Options()).pixels)[..., 0]
    other = 100 * equalize_adapthist(before / 100, kernel_size=(53, 44), clip_limit=2 / 256)
    assert ours.std() > 1.3 * before.std()
    assert np.corrcoef(ours.ravel(), other.ravel())[0, 1] > 0.9
    assert np.corrcoef((ours - before).ravel(), (other - before).ravel())[0, 1] > 0.6


def test_more_clip_is_more_contrast(made_photos: Path) -> None:
    photo = cv2.imread(str(made_photos / "astronaut.jpg"))
    view = View.of((photo // 4 + 110).astype(np.uint8), 800)
    spreads = [equalize.apply(view, equalize.Options(clip=clip)).pixels.std() for clip in (1, 2, 4)]
    assert spreads == sorted(spreads)
