"""True mattes made wrong, each in one way and at a known place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.judgement.head import head_of
from matting.picture.boxes import Box

Alpha = NDArray[np.uint16]


class Damaged(NamedTuple):
    """A matte that is wrong."""

    alpha: Alpha
    place: tuple[int, int, int, int]
    """The extent of what was changed: left, top, width, height."""


def head(alpha: Alpha) -> Box:
    """The head of the largest person."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 32767).astype(np.uint8))
    found = head_of(labels == 1 + int(stats[1:, 4].argmax()))
    assert found is not None
    return found


def hair_cut_off(alpha: Alpha) -> Damaged:
    """The crown is gone, down to a sixth of the head's height."""
    box = head(alpha)
    kept = np.ones(alpha.shape, np.float32)
    kept[: round(box.y + 0.17 * box.height)] = 0
    near = _within(alpha.shape, box, 0.25)
    return _changed(alpha, np.where(near, _softened(kept), 1))


def hair_hard(alpha: Alpha) -> Damaged:
    """The hair's fringe is cut by a threshold."""
    box = head(alpha)
    upper = Box(box.x, box.y, box.width, 0.6 * box.height)
    near = _within(alpha.shape, upper, 0.3)
    return _between(alpha, np.where(near & (alpha > 0), np.where(alpha > 32767, 65535, 0), alpha))


def hair_blocky(alpha: Alpha) -> Damaged:
    """The hair was drawn at an eighth of the size and enlarged without smoothing."""
    box = head(alpha)
    near = _within(alpha.shape, Box(box.x, box.y, box.width, 0.6 * box.height), 0.3)
    height, width = alpha.shape
    small = cv2.resize(
        alpha, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA
    )
    blocky = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return _between(alpha, np.where(near, blocky, alpha))


def hole(alpha: Alpha) -> Damaged:
    """A hole in the breast."""
    box = head(alpha)
    person = np.pad((alpha > 60000).astype(np.uint8), 1)  # it ends at the picture's border
    depth = cv2.distanceTransform(person, cv2.DIST_L2, 5)[1:-1, 1:-1]
    depth[: round(box.y + 0.8 * box.height)] = 0
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    radius = max(3, round(0.4 * float(depth.max())))
    kept = np.ones(alpha.shape, np.float32)
    cv2.circle(kept, (int(column), int(row)), radius, 0, -1)
    return _changed(alpha, _softened(kept))


def island(alpha: Alpha) -> Damaged:
    """A piece of the backdrop that is taken along."""
    away = cv2.distanceTransform((alpha < 600).astype(np.uint8), cv2.DIST_L2, 5)
    row, column = np.unravel_index(int(away.argmax()), away.shape)
    wanted = (0.02 * np.count_nonzero(alpha > 32767) / np.pi) ** 0.5
    radius = max(3, round(min(wanted, 0.7 * float(away.max()))))
    extra = np.zeros(alpha.shape, np.float32)
    cv2.circle(extra, (int(column), int(row)), radius, 1, -1)
    return _between(alpha, np.maximum(alpha, 65535 * _softened(extra)))


def half_a_face(alpha: Alpha) -> Damaged:
    """One side of the face is gone, from the temple to the neck."""
    box = head(alpha)
    kept = np.ones(alpha.shape, np.float32)
    rows = slice(round(box.y + 0.35 * box.height), round(box.y + 0.95 * box.height))
    kept[rows, round(box.x + 0.6 * box.width) :] = 0
    near = _within(alpha.shape, box, 0.2)
    return _changed(alpha, np.where(near, _softened(kept), 1))


def eroded_collar(alpha: Alpha) -> Damaged:
    """Shoulders and collar lose a strip of a sixth of the head's height."""
    box = head(alpha)
    reach = max(2, round(box.height / 6))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    # Beyond the picture a person goes on.
    padded = cv2.copyMakeBorder(alpha, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    thin = cv2.erode(padded, kernel)[reach:-reach, reach:-reach]
    rows = slice(round(box.y + 0.95 * box.height), round(box.y + 1.8 * box.height))
    wrong = alpha.copy()
    wrong[rows] = thin[rows]
    return _between(alpha, wrong)


DAMAGES: dict[str, Callable[[Alpha], Damaged]] = {
    each.__name__: each
    for each in (hair_cut_off, hair_hard, hair_blocky, hole, island, half_a_face, eroded_collar)
}
"""By name."""


def _within(shape: tuple[int, ...], box: Box, margin: float) -> NDArray[np.bool_]:
    wider = margin * box.width
    near = np.zeros(shape, np.bool_)
    top, left = max(0, round(box.y - wider)), max(0, round(box.x - wider))
    near[top : round(box.y + box.height), left : round(box.x + box.width + wider)] = True
    return near


def _softened(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.0), np.float32)


def _changed(alpha: Alpha, kept: NDArray[np.float32]) -> Damaged:
    return _between(alpha, alpha * kept)


def _between(alpha: Alpha, wrong: NDArray[np.generic]) -> Damaged:
    """The wrong matte, and the extent of what is more than a tenth off."""
    made = np.rint(np.clip(wrong, 0, 65535)).astype(np.uint16)
    off = np.abs(made.astype(np.int32) - alpha) > 6553
    rows, columns = np.flatnonzero(off.any(axis=1)), np.flatnonzero(off.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return Damaged(made, (left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1))
