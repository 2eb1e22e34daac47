"""Which pixels are person: GrabCut with more to go by than three channels.

The loop is that of Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using
iterated graph cuts" (SIGGRAPH 2004): fit mixtures to foreground and background, cut, repeat. Two
things differ. Anatomy stands where the user's rectangle was, as soft odds that are never certain.
And the mixtures see lightness, colour, texture and place, because a grey print's lightness alone
tells little: a backdrop is dark at the left and bright at the right, and the coat is both.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.engines.grabcut import mixture

_ROUNDS = 3
_GAUSSIANS = 6
_STRIDE = 3
"""Every third pixel is enough to fit to."""
_APPEARANCE_LIMIT = 5.0
_APPEARANCE_WEIGHT = 0.5
_CERTAIN = 12.0
_FLOOR = np.array([20.0, 8.0, 8.0, 20.0, 60.0, 60.0])
"""Least variances of lightness, the two colour axes, texture, x and y."""
_PLACE = 120.0
"""How far apart, in grey levels, the picture's two ends are."""


def segment(pixels: NDArray[np.uint8], prior: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell person from background.

    Args:
        pixels: (height, width, 3) uint8 RGB, a few hundred pixels on the long side.
        prior: (height, width) log odds of "person".

    Returns:
        (height, width) bool.
    """
    seen = features(pixels)
    points = seen.reshape(-1, seen.shape[2])
    belief, mask = _probability(prior), prior > 0
    for _ in range(_ROUNDS):
        weights = belief.ravel()[::_STRIDE].astype(np.float64)
        person = mixture.fit(points[::_STRIDE], weights, _GAUSSIANS, _FLOOR)
        ground = mixture.fit(points[::_STRIDE], 1 - weights, _GAUSSIANS, _FLOOR)
        ratio = (person.log_density(points) - ground.log_density(points)).reshape(prior.shape)
        limited = np.clip(ratio, -_APPEARANCE_LIMIT, _APPEARANCE_LIMIT)
        odds = np.asarray(_APPEARANCE_WEIGHT * limited + prior, np.float32)
        mask = cut(pixels, odds)
        belief = np.asarray((_probability(odds) + mask) / 2, np.float32)
    return mask


def features(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(height, width, 6): lightness, two colour axes, texture, x and y."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float64)
    light = lab[..., 0]
    detail = np.abs(light - cv2.GaussianBlur(light, (0, 0), 2.5))
    texture = 25 * np.log1p(cv2.GaussianBlur(detail, (0, 0), 2.5))
    rows, columns = np.indices(light.shape) * (_PLACE / max(light.shape))
    smooth = cv2.GaussianBlur(light, (0, 0), 1)
    return np.dstack([smooth, 2 * lab[..., 1], 2 * lab[..., 2], texture, columns, rows])


def cut(pixels: NDArray[np.uint8], odds: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The minimum cut for given log odds, along the picture's contrasts.

    cv2.grabCut makes the graph and cuts it, but with its mixtures frozen to one Gaussian each that
    looks at the first channel alone, where the odds are put: the difference of two Gaussians of
    equal width is linear in the odds. (scipy's maximum flow took ten times as long.)

    Args:
        pixels: (height, width, 3) uint8 RGB.
        odds: (height, width) log odds of "person"; beyond plus or minus 12 they are certain.
    """
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    level = np.clip(np.rint(128 + 10 * odds), 0, 255).astype(np.uint8)
    image = np.dstack([level, lab[..., 0], lab[..., 2]])
    mask = np.where(odds > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    mask[odds > _CERTAIN] = cv2.GC_FGD
    mask[odds < -_CERTAIN] = cv2.GC_BGD
    cv2.grabCut(image, mask, None, _frozen(118), _frozen(138), 1, cv2.GC_EVAL_FREEZE_MODEL)
    return np.asarray((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD))


def _frozen(mean: float) -> NDArray[np.float64]:
    """OpenCV's layout of a mixture: 5 shares, 5 means, 5 covariances; only the first is used."""
    shares, means, covariances = np.zeros(5), np.zeros((5, 3)), np.zeros((5, 3, 3))
    shares[0] = 1
    means[0] = mean, 128, 128
    covariances[:] = np.diag((100.0, 1e7, 1e7))
    return np.concatenate([shares, means.ravel(), covariances.ravel()])[None]


def _probability(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)
