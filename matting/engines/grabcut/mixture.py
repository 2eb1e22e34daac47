"""Mixtures of Gaussians fitted to weighted pixels.

cv2.ml.EM takes no weights, and cv2.grabCut's own mixtures know three channels only; grey prints
have one, so place and texture have to help.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDS = 10
_SMALLEST_WEIGHT = 0.02
"""Pixels that weigh less are left out, for speed."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """k Gaussians in d dimensions."""

    shares: Array
    """(k,), their sum is 1."""
    means: Array
    """(k, d)."""
    whiteners: Array
    """(k, d, d): inverses of the covariances' lower Cholesky factors."""

    def log_density(self, points: Array) -> Array:
        """(n,) natural logarithm of the density at (n, d) points."""
        parts = self.log_parts(points)
        top = parts.max(axis=1)
        return np.asarray(top + np.log(np.exp(parts - top[:, None]).sum(axis=1)))

    def log_parts(self, points: Array) -> Array:
        """(n, k): each Gaussian's own contribution."""
        parts = np.empty((len(points), len(self.shares)))
        constant = 0.5 * points.shape[1] * np.log(2 * np.pi)
        for k, (share, mean, whitener) in enumerate(
            zip(self.shares, self.means, self.whiteners, strict=True)
        ):
            white = (points - mean) @ whitener.T
            scale = np.log(share) + np.log(np.diag(whitener)).sum() - constant
            parts[:, k] = scale - 0.5 * np.einsum("ij,ij->i", white, white)
        return parts


def fit(points: Array, weights: Array, count: int, floor: Array) -> Mixture:
    """Fit by expectation and maximisation.

    Args:
        points: (n, d).
        weights: (n,), 0 or more; not all zero.
        count: how many Gaussians.
        floor: (d,) variances added to every Gaussian's, so that none collapses onto a flat area.
    """
    chosen = weights > _SMALLEST_WEIGHT * weights.max()
    points, weights = points[chosen], weights[chosen]
    nearest = _seeds_nearest(points, weights, count)
    belongs = np.eye(count)[nearest] * weights[:, None]
    mixture = _maximise(points, belongs, floor)
    for _ in range(_ROUNDS):
        parts = mixture.log_parts(points)
        parts = np.exp(parts - parts.max(axis=1, keepdims=True))
        belongs = parts * (weights / parts.sum(axis=1))[:, None]
        mixture = _maximise(points, belongs, floor)
    return mixture


def _seeds_nearest(points: Array, weights: Array, count: int) -> NDArray[np.intp]:
    """Which of ``count`` seeds is nearest; the seeds are drawn far apart, always the same way."""
    draw = np.random.default_rng(0)
    gaps = np.ones(len(points))
    distances = np.empty((len(points), count))
    for k in range(count):
        odds = gaps * weights + 1e-12
        seed = points[draw.choice(len(points), p=odds / odds.sum())]
        distances[:, k] = ((points - seed) ** 2).sum(axis=1)
        gaps = distances[:, : k + 1].min(axis=1)
    return np.asarray(distances.argmin(axis=1))


def _maximise(points: Array, belongs: Array, floor: Array) -> Mixture:
    masses = belongs.sum(axis=0) + 1e-6
    means = (belongs.T @ points) / masses[:, None]
    whiteners = []
    for mean, mass, share in zip(means, masses, belongs.T, strict=True):
        off = points - mean
        covariance = (off * share[:, None]).T @ off / mass + np.diag(floor)
        whiteners.append(np.linalg.inv(np.linalg.cholesky(covariance)))
    return Mixture(masses / masses.sum(), means, np.array(whiteners))
