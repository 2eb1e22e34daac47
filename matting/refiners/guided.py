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

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.picture.shrinking import shrunk

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

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
_DECIDED, _UNDECIDED = np.float32(4), np.float32(1e-6)
"""Power of R squared by which the better fit wins, and what all have."""
_REACH = _TEXTURE_WINDOW // 2 + 4
"""Small pixels around a strip on which its coefficients depend: of the chain texture, fit (1),
averaging (1) and enlarging (1), and the edge that texture keeps off (1)."""


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
    alpha: NDArray[np.uint8],
    guide: NDArray[np.uint8],
    *,
    average: NDArray[np.uint8] | None = None,
    strip: int = 256,
    threads: int = 1,
) -> NDArray[np.uint16]:
    """Enlarge a matte to the photo's size along the photo's edges.

    Where alpha is all 0 or all 255 around a pixel the result is exactly 0 or 65535. Beyond the
    result and two shrunk photos, memory is needed for one strip of the photo only.

    Args:
        alpha: (h, w) uint8, 255 is opaque; neither side longer than the photo's.
        guide: (H, W, 3) uint8 RGB, the photo at its own size.
        average: (h, w, 3) uint8, the photo shrunk by averages to the matte's size, where whoever
            asks has it; to make it is a sixth of the time.
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
    if average is None:
        average = shrunk(guide, (columns, rows))
    sample = cv2.resize(guide, (columns, rows), interpolation=cv2.INTER_NEAREST)
    small = _Small(alpha, average, np.asarray(sample))
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
    from matting.refiners.lines import draw  # noqa: PLC0415 - it imports numba

    drawn = _lines(small, edge)[used]
    left, _, across = _between(slice(0, guide.shape[1]), guide.shape[1], small.alpha.shape[1])
    draw(drawn, upper - upper[0], lower - upper[0], share, left, across, guide[rows], refined[rows])


def _between(rows: slice, large: int, small: int) -> tuple[Indices, Indices, Floats]:
    """Between which two small rows each large row lies, and how far towards the lower one.

    Spelt out, since cv2.resize knows no offset and cv2.remap rounds to 1/32 of a pixel.
    """
    at = (np.arange(rows.start, rows.stop) + 0.5) * (small / large) - 0.5
    at = at.clip(0, small - 1)
    upper = at.astype(np.int32)
    lower = np.minimum(upper + 1, small - 1, dtype=np.int32)
    return upper, lower, (at - upper).astype(np.float32)


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
    from matting.refiners.lines import fit, vote  # noqa: PLC0415 - it imports numba

    alpha, photo = small.alpha * np.float32(1 / 255), small.average * np.float32(1 / 255)
    ys, xs = (each.astype(np.int32) for each in np.nonzero(edge))
    ridge = _TEXTURE_SHARE * _texture(small, edge, ys, xs)
    ridge[:, [0, 3, 5]] += np.float32(_RIDGE)
    lines, votes = np.zeros((*alpha.shape, 4), np.float32), np.zeros(len(ys), np.float32)
    fitted = np.zeros_like(lines)
    for softness in _SOFTNESS:
        soft = np.asarray(cv2.GaussianBlur(photo, (0, 0), softness)) if softness else photo
        fit(alpha, soft, ys, xs, ridge, fitted)
        vote(fitted, soft, ys, xs, _DECIDED, _UNDECIDED, lines, votes)
    lines[ys, xs] /= votes[:, None]
    return lines


def _texture(small: _Small, edge: NDArray[np.bool_], ys: Indices, xs: Indices) -> Floats:
    """(n, 6) for the n pixels at the edge: how colours vary nearby where alpha does not."""
    from matting.refiners.roughness import roughness  # noqa: PLC0415 - it imports numba

    means = np.empty((len(ys), 7), np.float32)
    roughness(small.sample, small.average, ~edge, ys, xs, _TEXTURE_WINDOW // 2, means)
    return means[:, :6] / (means[:, 6:] + np.float32(1e-3))
