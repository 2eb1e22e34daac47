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

_ROUNDS = 2
_GAUSSIANS = 5
_PLACES = (30.0, 60.0)
"""How far apart, in grey levels, the picture's two ends are. Mixtures are fitted with either and
their odds averaged: one fit alone sometimes settles on a bad optimum."""
_STRIDE = 6
"""Every sixth pixel is enough to fit to."""
_PERSON_SHARPNESS, _GROUND_SHARPNESS = 4.0, 3.0
"""Exponents of the belief in the fits' weights: only what is rather certain teaches. With 1, a
sleeve outside the usual outline taught the background what a sleeve looks like."""
_APPEARANCE_LIMIT = 5.0
_PRIOR_LIMIT, _PRIOR_WEIGHT = 4.0, 0.3
_SMOOTH_RADIUS, _SMOOTH_CONTRAST = 5, 100.0
"""Of the guided filter: pixels, and a variance in squared grey levels."""
_FLOOR = np.array([20.0, 8.0, 8.0, 20.0, 60.0, 60.0])
"""Least variances of lightness, the two colour axes, texture, x and y."""
_LEVELS = 3.0
"""Grey levels per unit of log odds in the cut's first channel."""
_STEP = 4.0
_TRUST = 6.0
"""Weight of the odds against OpenCV's fixed cost of 50 for an outline through flat grey."""


def mask_of(
    pixels: NDArray[np.uint8], prior: NDArray[np.float32], reach: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Tell person from background.

    Args:
        pixels: (height, width, 3) uint8 RGB, a few hundred pixels on the long side.
        prior: (height, width) log odds of "person"; colours that tell otherwise outweigh them.
        reach: (height, width) log odds, 0 or less, that no colour outweighs where they are low.

    Returns:
        (height, width) bool; every part of it has some pixels where ``prior`` is above 0.
    """
    looks = [features(pixels, place).reshape(-1, len(_FLOOR)) for place in _PLACES]
    lightness = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32)
    anatomy = _PRIOR_WEIGHT * np.clip(prior, -_PRIOR_LIMIT, _PRIOR_LIMIT) + reach
    belief, mask = _probability(prior), prior > 0
    for _ in range(_ROUNDS):
        ratio = sum(_appearance(look, belief.ravel()) for look in looks) / len(looks)
        odds = _smoothed(np.reshape(ratio, prior.shape) + anatomy, lightness)
        mask = cut(pixels, odds)
        belief = np.asarray((_probability(odds) + mask) / 2, np.float32)
    return _attached(mask, prior > 0)


def _attached(mask: NDArray[np.bool_], figure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without the parts that lie outside the usual figure altogether."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), None, 4)
    return np.isin(labels, np.unique(labels[mask & figure]))


def _appearance(points: NDArray[np.float64], belief: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) log odds of "person" by what a pixel looks like, from (n, 6) features."""
    some, weights = points[::_STRIDE], belief[::_STRIDE].astype(np.float64)
    person = mixture.fit(some, weights**_PERSON_SHARPNESS, _GAUSSIANS, _FLOOR)
    ground = mixture.fit(some, (1 - weights) ** _GROUND_SHARPNESS, _GAUSSIANS, _FLOOR)
    ratio = person.log_density(points) - ground.log_density(points)
    return np.clip(ratio, -_APPEARANCE_LIMIT, _APPEARANCE_LIMIT)


def _smoothed(odds: NDArray[np.float64], lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Even out within edges: the guided filter (He, Sun and Tang, ECCV 2010)."""
    level: NDArray[np.float32] = odds.astype(np.float32)
    light_mean, odds_mean = _mean(lightness), _mean(level)
    spread = _mean(lightness * lightness) - light_mean**2
    slope = (_mean(lightness * level) - light_mean * odds_mean) / (spread + _SMOOTH_CONTRAST)
    offset = odds_mean - slope * light_mean
    return _mean(slope) * lightness + _mean(offset)


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    side = 2 * _SMOOTH_RADIUS + 1
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def features(pixels: NDArray[np.uint8], place: float) -> NDArray[np.float64]:
    """(height, width, 6): lightness, two colour axes, texture, x and y."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float64)
    light = lab[..., 0]
    detail = np.abs(light - cv2.GaussianBlur(light, (0, 0), 2.5))
    texture = 25 * np.log1p(cv2.GaussianBlur(detail, (0, 0), 2.5))
    rows, columns = np.indices(light.shape) * (place / max(light.shape))
    smooth = cv2.GaussianBlur(light, (0, 0), 1)
    return np.dstack([smooth, 2 * lab[..., 1], 2 * lab[..., 2], texture, columns, rows])


def cut(pixels: NDArray[np.uint8], odds: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The minimum cut for given log odds, along the picture's contrasts.

    cv2.grabCut makes the graph and cuts it, but with its mixtures frozen to one Gaussian each that
    looks at the first channel alone, where the odds are put: the difference of two Gaussians of
    equal width is linear in the odds.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        odds: (height, width) log odds of "person".
    """
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    level = np.clip(np.rint(128 + _LEVELS * odds), 0, 255).astype(np.uint8)
    image = np.dstack([level, lab[..., 0], lab[..., 2]])
    mask = np.where(odds > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    if mask.min() == mask.max():  # OpenCV refuses to cut what has one side only
        return odds > 0
    ground, person = _frozen(128 - _STEP), _frozen(128 + _STEP)
    cv2.grabCut(image, mask, None, ground, person, 1, cv2.GC_EVAL_FREEZE_MODEL)
    return np.asarray(mask == cv2.GC_PR_FGD)


def _frozen(mean: float) -> NDArray[np.float64]:
    """OpenCV's layout of a mixture: 5 shares, 5 means, 5 covariances; only the first is used."""
    shares, means, covariances = np.zeros(5), np.zeros((5, 3)), np.zeros((5, 3, 3))
    shares[0] = 1
    means[0] = mean, 128, 128
    covariances[:] = np.diag((2 * _STEP * _LEVELS / _TRUST, 1e8, 1e8))
    return np.concatenate([shares, means.ravel(), covariances.ravel()])[None]


def _probability(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)
