"""The fine path: coarse tells where, fine tells what.

The network's own matte says what is sure. The band between is solved by a refiner, on overlapping
tiles at the photo's own size; guided enlargement (matting/refiners/guided.py) is what it starts
from, and what is left where nothing has to be solved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.picture.shrinking import shrunk
from matting.picture.trimap import trimap_of
from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN, Refiner, Tile
from matting.refiners.guided import refine

_MOST = 0.5
"""A network that is unsure of more than this share of the picture does not tell where."""

_CONTRADICTION = 0.25
"""Mean difference from a trimap, where that is sure, at which a network has found another thing."""
_FADE = 15
"""Pixels over which an alpha that is made of a trimap alone goes from one to the other."""


@dataclass(frozen=True, slots=True, eq=False)
class FineMatte:
    """A matte at the photo's own size."""

    alpha: NDArray[np.uint16]
    """(H, W), 65535 is opaque."""
    tiles: int
    """How many were solved; 0: none had to be, or nothing could be said of where."""
    scale: float = 1.0
    """The size at which they were, as a share of the photo's."""


def fine(
    alpha: NDArray[np.uint8],
    guide: NDArray[np.uint8],
    refiner: Refiner,
    *,
    trimap: NDArray[np.uint8] | None = None,
    threads: int = 1,
) -> FineMatte:
    """Bring a network's matte to the photo's size, with the photo's own edges.

    Args:
        alpha: (h, w), 255 is opaque, at the size at which the network decided it; neither side
            longer than the photo's.
        guide: (H, W, 3) RGB, the photo at its own size.
        refiner: solves the tiles.
        trimap: (H, W), somebody's own, which is taken at its word; none: made of alpha.
        threads: tiles that are solved at a time, if the refiner can do that.

    Raises:
        Exception: whatever the refiner raises.
    """
    sure = trimap_of(alpha) if trimap is None else trimap
    if trimap is None and not _tells_where(sure):
        return FineMatte(refine(alpha, guide, threads=threads), 0)
    small = _affordable(guide, sure, alpha.shape, refiner.most_unknown)
    coarse = refine(alpha, small, threads=threads)
    if trimap is not None and _contradicts(coarse, trimap):
        coarse = _drawn(trimap, coarse.shape)
    tiles = _solve(coarse, small, sure, refiner, threads)
    if small is guide:
        return FineMatte(coarse, tiles)
    large = refine(_bytes(coarse), guide, average=small, threads=threads)
    if trimap is not None:
        _keep(large, trimap)
    return FineMatte(large, tiles, small.shape[1] / guide.shape[1])


def _tells_where(sure: NDArray[np.uint8]) -> bool:
    unknown = np.count_nonzero(sure == UNKNOWN)
    return bool(0 < unknown <= _MOST * sure.size and (sure == FOREGROUND).any())


def _affordable(
    guide: NDArray[np.uint8],
    sure: NDArray[np.uint8],
    least: tuple[int, ...],
    most: int | None,
) -> NDArray[np.uint8]:
    """The photo at a size at which about ``most`` pixels are unknown; itself, if they are fewer."""
    height, width = guide.shape[:2]
    unknown = np.count_nonzero(sure == UNKNOWN) / sure.size * height * width
    if most is None or unknown <= most:
        return guide
    scale = math.sqrt(most / unknown)
    size = max(least[1], round(width * scale)), max(least[0], round(height * scale))
    return shrunk(guide, size)


def _contradicts(coarse: NDArray[np.uint16], trimap: NDArray[np.uint8]) -> bool:
    """Whether the network found something else than what somebody's trimap says."""
    size = coarse.shape[1], coarse.shape[0]
    said = cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST)
    apart = np.abs(_bytes(coarse).astype(np.int16) - said)[said != UNKNOWN]
    return bool(apart.size) and float(apart.mean()) > _CONTRADICTION * 255


def _drawn(trimap: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint16]:
    """A coarse alpha of a trimap alone: half where it is unknown, fading to what is sure."""
    small = cv2.resize(trimap, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small, (_FADE, _FADE)), np.uint16) * np.uint16(257)


def _solve(
    alpha: NDArray[np.uint16],
    guide: NDArray[np.uint8],
    sure: NDArray[np.uint8],
    refiner: Refiner,
    threads: int,
) -> int:
    """Write into ``alpha`` what is sure and what the refiner makes of the rest; count the tiles."""
    height, width = alpha.shape
    trimap = np.asarray(cv2.resize(sure, (width, height), interpolation=cv2.INTER_NEAREST))
    coarse = _bytes(alpha)
    windows = list(_windows(trimap, refiner))
    total = np.zeros(alpha.shape, np.float32)

    def solved(window: tuple[slice, slice]) -> NDArray[np.uint16]:
        part = (np.ascontiguousarray(each[window]) for each in (guide, trimap, coarse))
        return refiner.refine(Tile(*part))

    with ThreadPoolExecutor(threads if refiner.threadsafe else 1) as pool:
        for window, answer in zip(windows, pool.map(solved, windows), strict=True):
            total[window] += answer * _weights(window, alpha.shape, refiner)
    _keep(alpha, trimap)
    unknown = trimap == UNKNOWN
    alpha[unknown] = np.rint(total[unknown]).clip(0, 65535).astype(np.uint16)
    return len(windows)


def _keep(alpha: NDArray[np.uint16], trimap: NDArray[np.uint8]) -> None:
    """Write into ``alpha`` what is sure."""
    alpha[trimap == BACKGROUND] = 0
    alpha[trimap == FOREGROUND] = 65535


def _windows(trimap: NDArray[np.uint8], refiner: Refiner) -> Iterator[tuple[slice, slice]]:
    """The tiles in which something is unknown."""
    for rows in _spans(trimap.shape[0], refiner):
        for columns in _spans(trimap.shape[1], refiner):
            if (trimap[rows, columns] == UNKNOWN).any():
                yield rows, columns


def _spans(length: int, refiner: Refiner) -> Iterator[slice]:
    """Cut one side of a photo: each overlaps the next, the last ends where the side does."""
    step = refiner.side - refiner.overlap
    for start in range(0, max(1, length - refiner.overlap), step):
        yield slice(start, min(start + refiner.side, length))


def _weights(
    window: tuple[slice, slice], shape: tuple[int, ...], refiner: Refiner
) -> NDArray[np.float32]:
    """How much a tile counts at its pixels: neighbours' weights add up to 1."""
    rows, columns = (
        _ramp(span, length, refiner.overlap) for span, length in zip(window, shape, strict=True)
    )
    return rows[:, None] * columns


def _ramp(span: slice, length: int, overlap: int) -> NDArray[np.float32]:
    ramp = np.ones(span.stop - span.start, np.float32)
    rising = (np.arange(overlap, dtype=np.float32) + np.float32(0.5)) / overlap
    if span.start > 0:
        ramp[:overlap] = rising[: len(ramp)]
    if span.stop < length:
        ramp[-overlap:] *= rising[::-1]
    return ramp


def _bytes(alpha: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(alpha, alpha=1 / 257), np.uint8)
