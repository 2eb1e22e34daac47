"""How far a matte is from a reference.

The measures of the matting literature: SAD, MSE and MAD, and the gradient and connectivity errors
of Rhemann, Rother, Wang, Gelautz, Kohli and Rott, "A perceptually motivated online benchmark for
image matting", CVPR 2009, scaled as papers since then print them (sums in thousands). Papers mostly
sum over the unknown part of a trimap; there is none here, so all are over the whole picture.

Alphas are (height, width) uint16, 65535 is opaque; both of the same size. Pictures are worked on in
strips; only the connectivity error needs whole ones, of 10 bytes per pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.uint16]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_OPAQUE = 65535
_STRIP = 256
"""Rows that are worked on at once."""

_SIGMA = 1.4
"""Of the gradient's Gaussian, pixels, as in the paper."""
_REACH = 4
"""Pixels on each side after which the published evaluation cuts that Gaussian off."""
_LEVELS = 10
"""Steps of 0.1 at which the published evaluation looks for connected pixels."""
_DISTANCE = 0.15
"""The paper's theta: pixels less far from the connected region count as connected to it."""

_SOFT_EDGE = (0.03, 0.97)
_SOFT = (0.05, 0.95)
"""The band of the reference: hair, and other edges that are neither person nor background."""
_NEAR = 0.2
_STILL_SOFT = (0.02, 0.98)
_CORE = 0.95
_FOUND = 0.9
_DARK_PERCENTILE = 25


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a matte is from a reference; 0 is perfect, but for the IoU, where 1 is."""

    sad: float
    """Sum of absolute differences of alpha, 0 to 1, in thousands."""
    mse: float
    """Mean of squared differences, 0 to 1; papers print it times 1000."""
    mad: float
    """Mean of absolute differences, 0 to 1; likewise."""
    gradient: float
    """Gradient error, in thousands."""
    connectivity: float
    """Connectivity error, in thousands."""
    iou: float
    """Intersection over union of what is more than half opaque; 1 where both are empty."""


def distance(matte: Alpha, reference: Alpha) -> Distance:
    """All measures that need nothing but the two alphas.

    Raises:
        ValueError: the sizes differ, or there are no pixels.
    """
    if matte.shape != reference.shape or matte.size == 0:
        raise ValueError(f"{matte.shape} cannot be compared with {reference.shape}")
    absolute = squared = 0.0
    both = either = 0
    for rows in _strips(len(matte)):
        a, r = _alpha(matte[rows]), _alpha(reference[rows])
        difference = np.abs(a - r)
        absolute += float(difference.sum())
        squared += float(np.square(difference).sum())
        both += int(np.count_nonzero((a > 0.5) & (r > 0.5)))
        either += int(np.count_nonzero((a > 0.5) | (r > 0.5)))
    return Distance(
        sad=absolute / 1000,
        mse=squared / matte.size,
        mad=absolute / matte.size,
        gradient=gradient_error(matte, reference),
        connectivity=connectivity_error(matte, reference),
        iou=both / either if either else 1.0,
    )


def gradient_error(matte: Alpha, reference: Alpha) -> float:
    """Sum of squared differences of the gradients' lengths, in thousands.

    Gradients are taken by first derivatives of a Gaussian (sigma 1.4), cut off after 4 pixels and
    scaled to unit energy as in the evaluation code that papers share. That code also stretches
    each alpha to 0..1 beforehand; not here, since it would turn a faint ghost into a person.
    """
    total = 0.0
    for rows in _strips(len(matte)):
        around = slice(max(0, rows.start - _REACH), rows.stop + _REACH)
        inner = slice(rows.start - around.start, rows.stop - around.start)
        lengths = (_steepness(picture[around])[inner] for picture in (matte, reference))
        total += float(np.square(next(lengths) - next(lengths)).sum())
    return total / 1000


def connectivity_error(matte: Alpha, reference: Alpha) -> float:
    """Sum of differences of how connected each pixel is to the opaque whole, in thousands.

    For every pixel the highest level (in steps of 0.1) is found up to which it belongs to the
    largest 4-connected region where both alphas reach that level. What an alpha has above it is
    unconnected, 0.15 and more of it counts. Bits of person far from the person cost, and so do
    holes.
    """
    level = _connected_level(np.minimum(matte, reference))
    total = 0.0
    for rows in _strips(len(matte)):
        low = level[rows] / _LEVELS
        loose = (_loose(_alpha(picture[rows]) - low) for picture in (matte, reference))
        total += float(np.abs(next(loose) - next(loose)).sum())
    return total / 1000


def soft_error(matte: Alpha, reference: Alpha) -> float | None:
    """The mean of absolute differences where the reference is soft, 0.03 to 0.97.

    Hair and lace are a small part of a picture, and weigh as little in its MAD.

    Returns:
        0 to 1; None if the reference has no soft pixels.
    """
    total, count = 0.0, 0
    for rows in _strips(len(reference)):
        soft = _between(reference[rows], _SOFT_EDGE)
        total += float(np.abs(_alpha(matte[rows][soft]) - _alpha(reference[rows][soft])).sum())
        count += int(np.count_nonzero(soft))
    return total / count if count else None


def soft_kept(matte: Alpha, reference: Alpha) -> float | None:
    """The share of the reference's soft pixels (0.05 to 0.95) that the matte has too.

    A pixel is kept if the matte is soft there as well (0.02 to 0.98) and within 0.2: without the
    first condition a hard mask would keep the outer half of each strand for free, so it keeps
    nothing, and neither does an empty matte.

    Returns:
        0 to 1; None if the reference has no soft pixels.
    """
    kept, band = 0, 0
    for rows in _strips(len(reference)):
        wanted = _between(reference[rows], _SOFT)
        near = np.abs(_alpha(matte[rows]) - _alpha(reference[rows])) <= _NEAR
        kept += int(np.count_nonzero(wanted & near & _between(matte[rows], _STILL_SOFT)))
        band += int(np.count_nonzero(wanted))
    return kept / band if band else None


def shadow_accuracy(matte: Alpha, reference: Alpha, light: NDArray[np.uint8]) -> float | None:
    """The share of the person's shadows that the matte takes for person.

    Where the reference is opaque (0.95 and more), the darkest quarter: eye sockets, dark coats, the
    side away from the window. Networks that go by brightness bite holes there. A pixel is right if
    the matte is at least 0.9.

    Args:
        matte: uint16.
        reference: uint16.
        light: (height, width) uint8, the photo in grey.

    Returns:
        0 to 1; None if nothing of the reference is opaque.
    """
    core = reference >= _CORE * _OPAQUE
    lit = light[core]
    if not lit.size:
        return None
    dark = lit <= np.percentile(lit, _DARK_PERCENTILE)
    return float(np.mean(matte[core][dark] >= _FOUND * _OPAQUE))


def _strips(height: int) -> Iterator[slice]:
    for top in range(0, height, _STRIP):
        yield slice(top, min(top + _STRIP, height))


def _alpha(picture: Alpha) -> Floats:
    return picture / np.float64(_OPAQUE)


def _between(picture: Alpha, limits: tuple[float, float]) -> Mask:
    low, high = limits
    return np.asarray((picture > low * _OPAQUE) & (picture < high * _OPAQUE))


def _steepness(picture: Alpha) -> Floats:
    """The length of the gradient, with the picture continued evenly beyond its edges."""
    at = np.arange(-_REACH, _REACH + 1)
    bell = np.exp(-(at**2) / (2 * _SIGMA**2))
    slope = at * bell
    bell, slope = bell / np.linalg.norm(bell), slope / np.linalg.norm(slope)
    alpha = _alpha(picture)
    across, down = (
        cv2.sepFilter2D(alpha, cv2.CV_64F, x, y, borderType=cv2.BORDER_REPLICATE)
        for x, y in ((slope, bell), (bell, slope))
    )
    return np.asarray(np.hypot(across, down))


def _connected_level(common: Alpha) -> NDArray[np.uint8]:
    """Up to which of the levels each pixel stays in the largest region; 0 is none."""
    level = np.zeros(common.shape, np.uint8)
    still: Mask = np.ones(common.shape, np.bool_)
    for step in range(1, _LEVELS + 1):
        reached = common >= math.ceil(step * _OPAQUE / _LEVELS)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            reached.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
        )
        if count == 1:  # the background alone
            break
        still &= labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        level += still
    return level


def _loose(above: Floats) -> Floats:
    return np.asarray(np.where(above >= _DISTANCE, above, 0.0))
