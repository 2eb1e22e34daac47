"""One picture of the whole demo: a row per photo, with what was made of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_HEIGHT = 360
_GAP = 8
_CHECKER = 12


def write_overview(rows: Iterable[tuple[Path, ...]], target: Path) -> None:
    """Put pictures side by side, transparent ones over a checkerboard.

    Args:
        rows: per row the paths of its pictures.
        target: the PNG to write.
    """
    strips = [_joined([_load(path) for path in row], axis=1) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    padded = [
        cv2.copyMakeBorder(
            strip, 0, 0, 0, width - strip.shape[1], cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        for strip in strips
    ]
    cv2.imwrite(str(target), _joined(padded, axis=0))


def _load(path: Path) -> NDArray[np.uint8]:
    picture = _read(path)
    if picture.dtype == np.uint16:
        picture = (picture // 257).astype(np.uint8)
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    scale = _HEIGHT / picture.shape[0]
    size = max(1, round(picture.shape[1] * scale)), _HEIGHT
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return _over_checkers(picture) if picture.shape[2] == 4 else picture


def _read(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """What OpenCV makes of a picture; grey, if it is of a kind that only libvips reads."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype.name not in {"uint8", "uint16"}:
        return np.full((_HEIGHT, _HEIGHT, 3), 200, np.uint8)
    return np.asarray(picture)


def _over_checkers(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = np.indices(picture.shape[:2]) // _CHECKER
    board = np.where((rows + columns) % 2, 205, 245)[..., None]
    alpha = picture[..., 3:] / 255
    return (picture[..., :3] * alpha + board * (1 - alpha)).round().astype(np.uint8)


def _joined(pictures: list[NDArray[np.uint8]], *, axis: int) -> NDArray[np.uint8]:
    shape = list(pictures[0].shape)
    shape[axis] = _GAP
    gap = np.full(shape, 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return np.concatenate(parts[1:], axis=axis)
