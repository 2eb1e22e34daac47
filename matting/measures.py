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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.boxes import Box

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

_SOFT = (0.05, 0.95)
"""The band of the reference: hair, and other edges that are neither person nor background."""
_NEAR = 0.2
_STILL_SOFT = (0.02, 0.98)
_CORE = 0.95
_FOUND = 0.9
_DARK_PERCENTILE = 25
_HEAD = (0.75, 1.0, 0.5)
"""How far a head with its hair reaches beside, above and below the face box, in widths of that."""


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


def hair_kept(matte: Alpha, reference: Alpha, faces: Sequence[Box]) -> float | None:
    """The share of the soft hair band that the matte has too.

    The band is where the reference is soft (0.05 to 0.95) around the heads: a face box and 3/4 of
    its width beside it, one width above, half a width below. Where no face is known it is all of
    the reference's soft pixels. A pixel is kept if the matte is soft there as well (0.02 to 0.98)
    and within 0.2: without the first condition a hard mask would keep the outer half of each
    strand for free, so it keeps nothing, and neither does an empty matte.

    Args:
        matte: uint16.
        reference: uint16.
        faces: in the alphas' pixels, from brows to chin; may be empty.

    Returns:
        0 to 1; None if the reference has no such band.
    """
    height, width = reference.shape
    heads = [_slices(_head(face), width, height) for face in faces] or [(slice(None), slice(None))]
    wanted: Mask = np.zeros(reference.shape, np.bool_)
    for part in heads:
        wanted[part] |= _between(reference[part], _SOFT)
    kept = 0
    for rows in _strips(height):
        near = np.abs(_alpha(matte[rows]) - _alpha(reference[rows])) <= _NEAR
        kept += int(np.count_nonzero(wanted[rows] & near & _between(matte[rows], _STILL_SOFT)))
    band = int(np.count_nonzero(wanted))
    return kept / band if band else None


def shadow_accuracy(
    matte: Alpha, reference: Alpha, light: NDArray[np.uint8], faces: Sequence[Box]
) -> float | None:
    """The share of the faces' shadows that the matte takes for person.

    Of each face box the pixels are taken where the reference is opaque (0.95 and more), and of
    these the darkest quarter: eye sockets, the side away from the window, a hat's shadow. Networks
    that go by brightness bite holes there. A pixel is right if the matte is at least 0.9.

    Args:
        matte: uint16.
        reference: uint16.
        light: (height, width) uint8, the photo in grey.
        faces: in the alphas' pixels.

    Returns:
        0 to 1; None if there is no face, or none inside the reference.
    """
    height, width = reference.shape
    dark: Mask = np.zeros(reference.shape, np.bool_)
    for part in (_slices(face, width, height) for face in faces):
        core = reference[part] >= _CORE * _OPAQUE
        if core.any():
            limit = np.percentile(light[part][core], _DARK_PERCENTILE)
            dark[part] |= core & (light[part] <= limit)
    shadow = matte[dark]
    return float(np.mean(shadow >= _FOUND * _OPAQUE)) if shadow.size else None


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


def _head(face: Box) -> Box:
    beside, over, under = (share * face.width for share in _HEAD)
    left, top = face.x - beside, face.y - over
    return Box(left, top, face.width + 2 * beside, face.height + over + under)


def _slices(box: Box, width: int, height: int) -> tuple[slice, slice]:
    inside = box.clipped(width, height)
    left, top = math.floor(inside.x), math.floor(inside.y)
    right, bottom = math.ceil(inside.x + inside.width), math.ceil(inside.y + inside.height)
    return slice(top, bottom), slice(left, right)
