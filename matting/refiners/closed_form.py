"""Alpha by closed form (Levin, Lischinski and Weiss, PAMI 2008), pulled towards the coarse one.

The pull decides where the photo says nothing: hair and backdrop of one colour, grain, a fold. It
also makes the system a good-natured one, so that conjugate gradients with nothing but the diagonal
for a preconditioner need 20 to 60 steps; pymatting's incomplete Cholesky fails on some bands.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matting.refiners import FOREGROUND, UNKNOWN, Refiner, Tile
from matting.refiners.laplacian import Floats, System, system

_RIDGE = 1e-4
"""Variance for colours 0..1."""
_PULL = 0.01
"""Weight of the coarse alpha against the photo. Measured on composed pictures: without it soft
edges are a tenth further from the truth. A stronger one where the network is surer was tried, and
keeps its blur."""
_HAZE = 0.03
"""Alpha that is nothing, or all: least squares never quite reach either end. Without this cut, what
lies beside an old print's edges, in grain, is worse than guided enlargement has it."""
_STEPS = 60
_ENOUGH = 1e-3
"""By what share the residual has to become smaller."""


def load(options: dict[str, Any]) -> Refiner:
    """It has no options."""
    del options
    return ClosedForm()


class ClosedForm(Refiner):
    """Runs where it is called, on the processor."""

    most_unknown = 200_000
    threadsafe = True

    def describe(self) -> dict[str, Any]:
        """Its name."""
        return {"name": "closed-form"}

    def refine(self, tile: Tile) -> NDArray[np.uint16]:
        """Solve one tile; see Refiner."""
        unknown = tile.trimap == UNKNOWN
        alpha = (tile.trimap == FOREGROUND).astype(np.float32)
        if unknown.any():
            colours = tile.pixels * np.float32(1 / 255)
            coarse = tile.coarse[unknown] * np.float32(1 / 255)
            solved = _solve(system(colours, unknown, alpha, _RIDGE), coarse)
            alpha[unknown] = ((solved - _HAZE) / (1 - 2 * _HAZE)).clip(0, 1)
        return np.asarray(np.rint(alpha * 65535), np.uint16)


def _solve(equations: System, coarse: Floats) -> Floats:
    """Conjugate gradients from the coarse alpha on, with the diagonal for a preconditioner."""
    pull = np.float32(_PULL)
    matrix = equations.matrix
    right = equations.known + pull * coarse
    weight = 1 / (equations.diagonal + pull)
    alpha = coarse.copy()
    rest = right - matrix @ alpha - pull * alpha
    way = weight * rest
    now = float(rest @ way)
    enough = _ENOUGH**2 * float(right @ (weight * right))
    for _ in range(_STEPS):
        if now <= enough:
            break
        ahead = matrix @ way + pull * way
        step = np.float32(now / float(way @ ahead))
        alpha += step * way
        rest -= step * ahead
        better = weight * rest
        before, now = now, float(rest @ better)
        way = better + np.float32(now / before) * way
    return alpha
