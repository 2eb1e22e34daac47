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
from concurrent.futures import ThreadPoolExecutor
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
_PAIRS = (0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)
"""The channels of the six different entries of a 3 x 3 covariance."""


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
    alpha: NDArray[np.uint8], guide: NDArray[np.uint8], *, strip: int = 256, threads: int = 1
) -> NDArray[np.uint16]:
    """Enlarge a matte to the photo's size along the photo's edges.

    Where alpha is all 0 or all 255 around a pixel the result is exactly 0 or 65535. Beyond the
    result and two shrunk photos, memory is needed for one strip of the photo only.

    Args:
        alpha: (h, w) uint8, 255 is opaque; neither side longer than the photo's.
        guide: (H, W, 3) uint8 RGB, the photo at its own size.
        strip: rows of the photo that are worked on at once; changes nothing but memory.
        threads: strips that are worked on at a time.

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
    strips = [slice(top, min(top + strip, height)) for top in range(0, height, strip)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda rows: _add_detail(refined, guide, rows, small), strips))
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
    ridge = _TEXTURE_SHARE * _texture(small, edge)
    ridge[[0, 3, 5]] += np.float32(_RIDGE)
    fits = [_softened(alpha, photo, softness, edge, ridge) for softness in _SOFTNESS]
    votes = [explained**_DECIDED + np.float32(1e-6) for _, explained in fits]
    found = sum(v * explained * line for v, (line, explained) in zip(votes, fits, strict=True))
    lines = np.zeros((*alpha.shape, 4), np.float32)
    lines[edge] = np.transpose(found / sum(votes))
    return lines


def _softened(
    alpha: Floats, photo: Floats, softness: float, edge: NDArray[np.bool_], ridge: Floats
) -> tuple[Floats, Floats]:
    """(4, n) lines and (1, n) R squared at the n pixels of the edge, the photo softened so much."""
    soft = np.asarray(cv2.GaussianBlur(photo, (0, 0), softness), np.float32) if softness else photo
    around = _Around.of(edge)
    fit = np.zeros((*alpha.shape, 4), np.float32)
    fit[edge] = _fit(around.see(alpha[..., None])[:, 0], around.see(soft), ridge).T
    slopes, explained = np.split(cv2.blur(fit, (3, 3))[edge].T, [3])
    return np.vstack((slopes, (slopes * soft[edge].T).sum(axis=0))), explained


class _Around(NamedTuple):
    """The 3 x 3 pixels around each of n pixels; beyond the picture they are mirrored."""

    at: NDArray[np.intp]
    """(9, n) flat indices."""

    @classmethod
    def of(cls, chosen: NDArray[np.bool_]) -> _Around:
        """Around those that are true."""
        height, width = chosen.shape
        inside = np.arange(height * width).reshape(height, width)
        padded = cv2.copyMakeBorder(inside.astype(np.int32), 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
        rows, columns = np.nonzero(chosen)
        near = [padded[rows + y, columns + x] for y in range(3) for x in range(3)]
        return cls(np.asarray(near, np.intp))

    def see(self, picture: Floats) -> Floats:
        """(9, channels, n) of (h, w, channels)."""
        flat = np.ascontiguousarray(picture.reshape(-1, picture.shape[2]).T)
        return np.stack([flat[:, places] for places in self.at])


def _texture(small: _Small, edge: NDArray[np.bool_]) -> Floats:
    """(6, n) for the n pixels at the edge: how colours vary nearby where alpha does not."""
    rough = (small.sample.astype(np.float32) - small.average) * np.float32(1 / 255)
    rough[edge] = 0
    window = _TEXTURE_WINDOW, _TEXTURE_WINDOW
    planes = cv2.split(rough)
    pairs = [cv2.blur(planes[i] * planes[j], window)[edge] for i, j in _PAIRS]
    sure = cv2.blur((~edge).astype(np.float32), window)[edge]
    return np.asarray(np.stack(pairs) / (sure + np.float32(1e-3)), np.float32)


def _fit(alpha: Floats, photo: Floats, ridge: Floats) -> Floats:
    """Ridge regression of alpha on colour in n windows of 3 x 3.

    Args:
        alpha: (9, n).
        photo: (9, 3, n).
        ridge: (6, n), added to the colours' covariance.

    Returns:
        (4, n): three slopes, and R squared.
    """
    alpha = alpha - alpha.mean(axis=0)
    photo = photo - photo.mean(axis=0)
    ninth = np.float32(1 / 9)
    spread = [
        np.einsum("kn,kn->n", photo[:, i], photo[:, j]) * ninth + more
        for (i, j), more in zip(_PAIRS, ridge, strict=True)
    ]
    joint = [np.einsum("kn,kn->n", photo[:, i], alpha) * ninth for i in range(3)]
    variance = np.einsum("kn,kn->n", alpha, alpha) * ninth
    slopes = _solved(spread, joint)
    explained = sum(slope * one for slope, one in zip(slopes, joint, strict=True))
    return np.stack([*slopes, (explained / variance.clip(1e-4)).clip(0, 1)])


def _solved(spread: list[Floats], joint: list[Floats]) -> list[Floats]:
    """Solve n symmetric systems of three equations, by Cholesky's factors without their roots."""
    rr, rg, rb, gg, gb, bb = spread
    r, g, b = joint
    by_g, by_b = rg / rr, rb / rr
    gg, gb, g = gg - by_g * rg, gb - by_g * rb, g - by_g * r
    last = gb / gg
    blue = (b - by_b * r - last * g) / (bb - by_b * rb - last * gb)
    green = (g - gb * blue) / gg
    return [(r - rg * green - rb * blue) / rr, green, blue]
