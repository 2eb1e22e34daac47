"""The network's small alpha at the photo's own size, with the photo's edges.

After the fast guided filter (He and Sun 2015, arXiv 1505.00996): near an edge alpha is a linear
function of colour, whose coefficients are fitted at the small size and applied at the large one.

Four things differ from the paper, each measured against known mattes made 4 and 8 times smaller:

- The enlarged alpha is kept and only the detail that enlarging lost is added, coefficients times
  (photo - shrunk photo enlarged). The paper's form averages alpha over the window once more and is
  worse than a bicubic enlargement where hair and backdrop are of one colour. Here the coefficients
  fade to nothing there and the bicubic enlargement remains.
- The smallest window, 3 x 3. The network's alpha needs no smoothing, only a local colour line.
- Networks draw softer edges than the photo's. A second fit, against a photo softened likewise,
  knows how much steeper the edge is; each place uses the fit that explains it better.
- What is added is weighted by how well the fit explains alpha (R squared), so that a texture
  which happens to cross the edge is not copied into the matte.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_RIDGE = 1e-4
"""Variance, for colours 0..1, below which contrast counts as noise: 0.01 squared, or 2.5 levels of
255. Ten times more blurs faded prints, ten times less copies film grain into the edge."""
_SOFTNESS = (0.0, 0.8)
"""Standard deviations in small pixels of the photos that are fitted."""
_DECIDED = 4
"""Power of R squared by which the better fit wins."""
_REACH = 8
"""Small pixels around a strip on which its coefficients depend; more than 3 (softening) + 1 (fit)
+ 1 (averaging) + 1 (enlarging)."""
_TILE = 256
"""Photo pixels; tiles without an edge cost nothing."""


def refine(
    alpha: NDArray[np.uint8], guide: NDArray[np.uint8], *, strip: int = 256
) -> NDArray[np.uint16]:
    """Enlarge a matte to the photo's size along the photo's edges.

    Where alpha is all 0 or all 255 around a pixel the result is exactly 0 or 65535. Beyond the
    result and a shrunk photo, memory is needed for one strip of the photo only.

    Args:
        alpha: (h, w) uint8, 255 is opaque; neither side longer than the photo's.
        guide: (H, W, 3) uint8 RGB, the photo at its own size.
        strip: rows of the photo that are worked on at once; changes nothing but memory.

    Returns:
        (H, W) uint16, 65535 is opaque.

    Raises:
        ValueError: alpha is larger than the photo.
    """
    size = guide.shape[:2]
    if alpha.shape[0] > size[0] or alpha.shape[1] > size[1]:
        raise ValueError(f"a matte of {alpha.shape} does not fit a photo of {size}")
    refined = _enlarged(alpha, size)
    if alpha.shape != size:
        small = cv2.resize(guide, alpha.shape[::-1], interpolation=cv2.INTER_AREA)
        for top in range(0, size[0], strip):
            rows = slice(top, min(top + strip, size[0]))
            _add_detail(refined, guide, rows, alpha, np.asarray(small, np.uint8))
    return refined


def _enlarged(alpha: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint16]:
    deep = alpha.astype(np.uint16) * np.uint16(257)
    return np.asarray(cv2.resize(deep, size[::-1], interpolation=cv2.INTER_CUBIC), np.uint16)


def _add_detail(
    refined: NDArray[np.uint16],
    guide: NDArray[np.uint8],
    rows: slice,
    alpha: NDArray[np.uint8],
    small: NDArray[np.uint8],
) -> None:
    """Add to these rows of ``refined`` what the photo knows about the edge."""
    upper, lower, share = _between(rows, guide.shape[0], alpha.shape[0])
    start = max(0, upper[0] - _REACH)
    part = slice(start, lower[-1] + 1 + _REACH)
    edge = _edge(alpha[part])
    used = slice(upper[0] - start, lower[-1] + 1 - start)
    if not edge[used].any():
        return
    lines = _lines(alpha[part], small[part], edge)[used]
    wide = cv2.resize(lines, (guide.shape[1], lines.shape[0]), interpolation=cv2.INTER_LINEAR)
    for columns in _tiles(wide):
        first, last = wide[upper - upper[0], columns], wide[lower - upper[0], columns]
        line = first + share * (last - first)
        colour = guide[rows, columns] * np.float32(1 / 255)
        detail = (line[..., :3] * colour).sum(axis=-1) - line[..., 3]
        deep = refined[rows, columns] + 65535 * detail
        refined[rows, columns] = np.rint(deep.clip(0, 65535)).astype(np.uint16)


def _between(
    rows: slice, large: int, small: int
) -> tuple[NDArray[np.int_], NDArray[np.int_], Floats]:
    """Between which two small rows each large row lies, and how far towards the lower one.

    Spelt out, since cv2.resize knows no offset and cv2.remap rounds to 1/32 of a pixel.
    """
    at = (np.arange(rows.start, rows.stop) + 0.5) * (small / large) - 0.5
    at = at.clip(0, small - 1)
    upper = at.astype(int)
    lower = np.minimum(upper + 1, small - 1)
    return upper, lower, (at - upper).astype(np.float32)[:, None, None]


def _tiles(wide: Floats) -> Iterator[slice]:
    """The column ranges in which there is anything to add."""
    for left in range(0, wide.shape[1], _TILE):
        columns = slice(left, left + _TILE)
        if wide[:, columns].any():
            yield columns


def _edge(alpha: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where not all of the 3 x 3 pixels around are opaque, or not all are clear."""
    block = np.ones((3, 3), np.uint8)
    clear = cv2.dilate(alpha, block) == 0
    opaque = cv2.erode(alpha, block) == 255
    return np.asarray(~(clear | opaque))


def _lines(alpha: NDArray[np.uint8], small: NDArray[np.uint8], edge: NDArray[np.bool_]) -> Floats:
    """(h, w, 4): the three coefficients to multiply colours with, and what to take off then.

    Zero where there is no edge, so that enlarging them fades the detail out.
    """
    target = alpha * np.float32(1 / 255)
    photo = small * np.float32(1 / 255)
    fits = []
    for softness in _SOFTNESS:
        soft = cv2.GaussianBlur(photo, (0, 0), softness) if softness else photo
        slopes, explained = _fit(target, soft, edge)
        slopes, explained = _mean(slopes), _mean(explained)
        taken = (slopes * soft).sum(axis=-1, keepdims=True)
        fits.append((np.concatenate((slopes, taken), axis=-1), explained[..., None]))
    votes = [explained**_DECIDED + np.float32(1e-6) for _, explained in fits]
    weighted = sum(
        vote * explained * line for vote, (line, explained) in zip(votes, fits, strict=True)
    )
    return np.asarray(weighted / sum(votes) * edge[..., None], np.float32)


def _fit(target: Floats, photo: Floats, edge: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Ridge regression of alpha on colour in every 3 x 3 window that has an edge.

    Returns:
        (h, w, 3) slopes and (h, w) R squared; zero elsewhere.
    """
    mean, level = _mean(photo), _mean(target)
    products = photo[..., (0, 0, 0, 1, 1, 2)] * photo[..., (0, 1, 2, 1, 2, 2)]
    spread = (_mean_wide(products) - mean[..., (0, 0, 0, 1, 1, 2)] * mean[..., (0, 1, 2, 1, 2, 2)])[
        edge
    ]
    joint = (_mean(photo * target[..., None]) - mean * level[..., None])[edge]
    matrix = spread[:, (0, 1, 2, 1, 3, 4, 2, 4, 5)].reshape(-1, 3, 3)
    at_edge = np.linalg.solve(matrix + _RIDGE * np.eye(3, dtype=np.float32), joint[..., None])[
        ..., 0
    ]
    variance = (_mean(target * target) - level * level)[edge]
    slopes, explained = np.zeros_like(photo), np.zeros_like(target)
    slopes[edge] = at_edge
    explained[edge] = ((at_edge * joint).sum(axis=-1) / variance.clip(1e-4)).clip(0, 1)
    return slopes, explained


def _mean(values: Floats) -> Floats:
    return np.asarray(cv2.blur(values, (3, 3)), np.float32)


def _mean_wide(values: Floats) -> Floats:
    """``_mean`` for more than the four channels that cv2.blur takes."""
    return np.dstack([_mean(values[..., :3].copy()), _mean(values[..., 3:].copy())])
