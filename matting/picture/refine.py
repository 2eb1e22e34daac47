"""The network's small alpha at the photo's own size, with the photo's edges.

After the fast guided filter (He and Sun 2015, arXiv 1505.00996): near an edge alpha is a linear
function of colour, whose coefficients are fitted at the small size and applied at the large one.

What differs from the paper was measured against known mattes made 4 and 8 times smaller:

- The enlarged alpha is kept and only the detail that enlarging lost is added, coefficients times
  (photo - shrunk photo enlarged). The paper's form averages alpha over the window once more and is
  worse than a bicubic enlargement where hair and backdrop are of one colour. Here the coefficients
  fade to nothing there and the bicubic enlargement remains.
- The smallest window, 3 x 3. The network's alpha needs no smoothing, only a local colour line.
- Networks draw softer edges than the photo's. A second fit, against a photo softened likewise,
  knows how much steeper the edge is; each place uses the fit that explains it better.
- Grain and texture average out when a photo shrinks, and would then come back as noise in the
  matte. Their colours are measured where alpha is sure, and the fit is held back along them.
- What is added is weighted by how well the fit explains alpha (R squared).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_RIDGE = 1e-4
"""Variance, for colours 0..1, below which contrast counts as noise: 0.01 squared, or 2.5 levels of
255. Ten times more blurs faded prints, ten times less copies their noise."""
_TEXTURE_SHARE = 0.3
"""How much of the texture's variance is added to that. At 0 stripes and coarse grain make the
matte up to three times worse than a bicubic enlargement, at 1 fine hair loses some detail."""
_TEXTURE_WINDOW = 15
"""Small pixels along each side of the surroundings in which texture is measured."""
_SOFTNESS = (0.0, 0.8)
"""Standard deviations in small pixels of the photos that are fitted."""
_DECIDED = 4
"""Power of R squared by which the better fit wins."""
_REACH = _TEXTURE_WINDOW // 2 + 4
"""Small pixels around a strip on which its coefficients depend: of the chain texture, fit (1),
averaging (1) and enlarging (1), and the edge that texture keeps off (1)."""
_TILE = 256
"""Photo pixels; tiles without an edge cost nothing."""
_PAIRS = (0, 0, 0, 1, 1, 2), (0, 1, 2, 1, 2, 2)
"""The channels of the six different entries of a 3 x 3 covariance..."""
_SYMMETRIC = (0, 1, 2, 1, 3, 4, 2, 4, 5)
"""...and where these stand in it."""


class _Small(NamedTuple):
    """The matte and the photo at the network's size, uint8."""

    alpha: NDArray[np.uint8]
    average: NDArray[np.uint8]
    """Of all the photo's pixels that lie in a small one."""
    sample: NDArray[np.uint8]
    """One of them; its difference from the average tells how rough the photo is."""

    def rows(self, part: slice) -> _Small:
        return _Small(*(picture[part] for picture in self))


def refine(
    alpha: NDArray[np.uint8], guide: NDArray[np.uint8], *, strip: int = 256
) -> NDArray[np.uint16]:
    """Enlarge a matte to the photo's size along the photo's edges.

    Where alpha is all 0 or all 255 around a pixel the result is exactly 0 or 65535. Beyond the
    result and two shrunk photos, memory is needed for one strip of the photo only.

    Args:
        alpha: (h, w) uint8, 255 is opaque; neither side longer than the photo's.
        guide: (H, W, 3) uint8 RGB, the photo at its own size.
        strip: rows of the photo that are worked on at once; changes nothing but memory.

    Returns:
        (H, W) uint16, 65535 is opaque.

    Raises:
        ValueError: alpha is larger than the photo.
    """
    (height, width), (rows, columns) = guide.shape[:2], alpha.shape
    if rows > height or columns > width:
        raise ValueError(f"a matte of {columns} x {rows} does not fit {width} x {height} pixels")
    deep = alpha.astype(np.uint16) * np.uint16(257)
    if alpha.shape == guide.shape[:2]:
        return deep
    refined = np.asarray(cv2.resize(deep, (width, height), interpolation=cv2.INTER_CUBIC))
    average = cv2.resize(guide, (columns, rows), interpolation=cv2.INTER_AREA)
    sample = cv2.resize(guide, (columns, rows), interpolation=cv2.INTER_NEAREST)
    small = _Small(alpha, np.asarray(average), np.asarray(sample))
    for top in range(0, height, strip):
        _add_detail(refined, guide, slice(top, min(top + strip, height)), small)
    return refined


def _add_detail(
    refined: NDArray[np.uint16], guide: NDArray[np.uint8], rows: slice, small: _Small
) -> None:
    """Add to these rows of ``refined`` what the photo knows about the edge."""
    upper, lower, share = _between(rows, len(guide), len(small.alpha))
    start = max(0, upper[0] - _REACH)
    used = slice(upper[0] - start, lower[-1] + 1 - start)
    small = small.rows(slice(start, lower[-1] + 1 + _REACH))
    edge = _edge(small.alpha)
    if not edge[used].any():
        return
    lines = _lines(small, edge)[used]
    wide = cv2.resize(lines, (guide.shape[1], len(lines)), interpolation=cv2.INTER_LINEAR)
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


def _lines(small: _Small, edge: NDArray[np.bool_]) -> Floats:
    """(h, w, 4): the three coefficients to multiply colours with, and what to take off then.

    Zero where there is no edge, so that enlarging them fades the detail out.
    """
    alpha, photo = small.alpha * np.float32(1 / 255), small.average * np.float32(1 / 255)
    ridge = _RIDGE * np.eye(3, dtype=np.float32) + _TEXTURE_SHARE * _texture(small, edge)
    fits = []
    for softness in _SOFTNESS:
        soft = cv2.GaussianBlur(photo, (0, 0), softness) if softness else photo
        slopes, explained = (_mean(values) for values in _fit(alpha, soft, edge, ridge))
        taken = (slopes * soft).sum(axis=-1)
        fits.append((np.dstack((slopes, taken)), explained[..., None]))
    votes = [explained**_DECIDED + np.float32(1e-6) for _, explained in fits]
    lines = sum(v * explained * line for v, (line, explained) in zip(votes, fits, strict=True))
    return np.asarray(lines / sum(votes) * edge[..., None], np.float32)


def _texture(small: _Small, edge: NDArray[np.bool_]) -> Floats:
    """(n, 3, 3) for the n pixels at the edge: how colours vary nearby where alpha does not."""
    rough = (small.sample.astype(np.float32) - small.average) * np.float32(1 / 255)
    sure = (~edge).astype(np.float32)
    total = _mean(_products(rough) * sure[..., None], _TEXTURE_WINDOW)[edge]
    count = _mean(sure, _TEXTURE_WINDOW)[edge]
    return _matrices(total / (count[:, None] + np.float32(1e-3)))


def _fit(
    alpha: Floats, photo: Floats, edge: NDArray[np.bool_], ridge: Floats
) -> tuple[Floats, Floats]:
    """Ridge regression of alpha on colour in every 3 x 3 window that has an edge.

    Returns:
        (h, w, 3) slopes and (h, w) R squared; zero elsewhere.
    """
    mean, level = _mean(photo), _mean(alpha)
    spread = _matrices((_mean(_products(photo)) - _products(mean))[edge])
    joint = (_mean(photo * alpha[..., None]) - mean * level[..., None])[edge]
    variance = (_mean(alpha * alpha) - level * level)[edge]
    found = np.linalg.solve(spread + ridge, joint[..., None])[..., 0]
    slopes, explained = np.zeros_like(photo), np.zeros_like(alpha)
    slopes[edge] = found
    explained[edge] = ((found * joint).sum(axis=-1) / variance.clip(1e-4)).clip(0, 1)
    return slopes, explained


def _products(colours: Floats) -> Floats:
    """(h, w, 6): the channels' products with each other."""
    return colours[..., _PAIRS[0]] * colours[..., _PAIRS[1]]


def _matrices(products: Floats) -> Floats:
    """(n, 3, 3) from (n, 6)."""
    return products[:, _SYMMETRIC].reshape(-1, 3, 3)


def _mean(values: Floats, side: int = 3) -> Floats:
    """Mean over a window; cv2.blur takes four channels at most, hence the detour."""
    if values.ndim == 2 or values.shape[2] <= 4:
        return np.asarray(cv2.blur(values, (side, side)), np.float32)
    halves = np.split(values, 2, axis=-1)
    return np.dstack([_mean(np.ascontiguousarray(half), side) for half in halves])
