"""Alpha by closed form (Levin, Lischinski and Weiss, PAMI 2008), pulled towards the coarse one.

The pull decides where the photo says nothing: hair and backdrop of one colour, grain, a fold. It
also makes the system a good-natured one, so that conjugate gradients with nothing but the diagonal
for a preconditioner need 20 to 60 steps; pymatting's incomplete Cholesky fails on some bands.

Solved twice, at half the size first: there the windows reach twice as far, over grain and from lock
to lock, and what comes of it is a better coarse alpha than the network's.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.refiners import FOREGROUND, UNKNOWN, Refiner, Tile
from matting.refiners.gradients import solve
from matting.refiners.guided import refine
from matting.refiners.laplacian import Floats, system

_RIDGE = 1e-4
"""Variance for colours 0..1."""
_PULL, _LAST_PULL = 0.03, 0.05
"""Weight of the coarse alpha against the photo, and then of what was solved at half the size.
Measured on composed pictures: without it soft edges are a tenth further from the truth. A stronger
one where the network is surer was tried, and keeps its blur."""
_PULL_PER_GRAIN = 5.0
"""More weight for each unit of the grain's standard deviation (colours 0..1). Grain of 0.017, as
old prints have it, otherwise lets alpha seep into clear ground and solid cloth."""
_HALVED = 16
"""Pixels that a tile's sides need to be halved."""
_HAZE = 0.03
"""Alpha that is nothing, or all: least squares never quite reach either end. Without this cut, what
lies beside an old print's edges, in grain, is worse than guided enlargement has it."""
_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Its response to noise is 6 times the deviation; 0.6745 of that is the median's."""


def load(options: dict[str, Any]) -> Refiner:
    """It has no options."""
    del options
    return ClosedForm()


class ClosedForm(Refiner):
    """Runs where it is called, on the processor."""

    side, overlap = 640, 96
    most_unknown = 200_000
    threadsafe = True

    def describe(self) -> dict[str, Any]:
        """Its name."""
        return {"name": "closed-form"}

    def refine(self, tile: Tile) -> NDArray[np.uint16]:
        """Solve one tile; see Refiner."""
        more = _PULL_PER_GRAIN * _grain(tile.pixels)
        if min(tile.trimap.shape) < _HALVED:
            alpha = _alpha(tile, tile.coarse, _PULL + more)
        else:
            small = _half(tile)
            first = _alpha(small, small.coarse, _PULL + more)
            enlarged = refine(_bytes(first), tile.pixels, average=small.pixels, strip=self.side)
            alpha = _alpha(tile, enlarged, _LAST_PULL + more)
        sharp = ((alpha - _HAZE) / (1 - 2 * _HAZE)).clip(0, 1)
        return np.asarray(np.rint(sharp * 65535), np.uint16)


def _grain(pixels: NDArray[np.uint8]) -> float:
    """Standard deviation of the noise, for colours 0..1.

    By what is left when planes and edges cancel out (Immerkaer, Fast noise variance estimation,
    1996), but of its median: hair is not noise, and is rarer than ground.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    left = cv2.convertScaleAbs(cv2.filter2D(grey, cv2.CV_16S, _IMMERKAER))
    reached = np.cumsum(cv2.calcHist([left], [0], None, [256], [0, 256]))
    middle = (
        (left.size - 1) // 2 + 1,
        left.size // 2 + 1,
    )  # counted: sorting takes ten times as long
    return float(np.searchsorted(reached, middle).mean()) / (6 * 0.6745 * 255)


def _half(tile: Tile) -> Tile:
    height, width = tile.trimap.shape
    size = (width + 1) // 2, (height + 1) // 2
    return Tile(
        np.asarray(cv2.resize(tile.pixels, size, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(tile.trimap, size, interpolation=cv2.INTER_NEAREST), np.uint8),
        np.asarray(cv2.resize(tile.coarse, size, interpolation=cv2.INTER_AREA), np.uint8),
    )


def _alpha(tile: Tile, coarse: NDArray[np.uint8] | NDArray[np.uint16], pull: float) -> Floats:
    """(h, w) alpha 0..1 of one tile at its own size."""
    unknown = tile.trimap == UNKNOWN
    alpha: Floats = (tile.trimap == FOREGROUND).astype(np.float32)
    if (at := np.flatnonzero(unknown)).size:
        start = coarse.ravel()[at] * np.float32(1 / np.iinfo(coarse.dtype).max)
        alpha.ravel()[at] = solve(system(tile.pixels, unknown, alpha, _RIDGE), start, pull)
    return alpha


def _bytes(alpha: Floats) -> NDArray[np.uint8]:
    return np.asarray(np.rint(alpha.clip(0, 1) * 255), np.uint8)
