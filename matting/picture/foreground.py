"""The person's own colours at soft edges, without the backdrop that shone through.

Multi-level foreground estimation (Germer, Uelwer, Conrad and Harmeling 2020, arXiv 2006.14970) as
pymatting has it, on small overlapping tiles and only where there are soft edges.

pymatting stops after two sweeps per level, before the colours settled: on mattes with known
colours twelve sweeps halve the error, and tiles then agree with each other within a few levels
of 255. What is left fades from tile to tile, so there is no seam.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Floats = NDArray[np.float32]
Estimate = Callable[[Floats, Floats], Floats]

_OPAQUE = 65535
_STEP = 256
"""Pixels from one tile to the next; larger tiles spend their time on what is opaque or clear."""
_FADE = 32
"""Pixels that a tile reaches into its neighbours, fading out."""
_REACH = 16
"""Pixels around a soft edge that get the foreground's colours although they are clear.

Viewers and layout programs that resample colours and alpha apart mix these into the edge: the
backdrop would be back as a halo. Further out the photo's own pixels stay, so that a retoucher who
paints alpha back in finds the photo and not an invention.
"""
_SWEEPS = 12


def estimate_foreground(pixels: Pixels, alpha: NDArray[np.uint16]) -> Pixels:
    """Estimate the foreground's colours.

    Beyond the result, memory is needed for a few hundred rows of the photo only.

    Args:
        pixels: (height, width, 3) uint8 or uint16 RGB over the type's whole range.
        alpha: (height, width) uint16, 65535 is opaque.

    Returns:
        (height, width, 3) in the dtype of ``pixels``, straight (not premultiplied): the same
        pixels where alpha is 65535 and far outside; the person's colours alone where alpha is
        between, and just outside.
    """
    result = pixels.copy()
    with _estimator() as estimate:
        carried: Floats = np.zeros((2 * _FADE, pixels.shape[1], 4), np.float32)
        for top in range(0, pixels.shape[0] + _FADE, _STEP):
            summed = np.concatenate((carried, np.zeros((_STEP, *carried.shape[1:]), np.float32)))
            _add_tiles(summed, pixels, alpha, top, estimate)
            _write(result, summed[:_STEP], alpha, top - _FADE)
            carried = summed[_STEP:]
    return result


@contextmanager
def _estimator() -> Iterator[Estimate]:
    """Germer's method on one tile, with one thread: for tiles, starting threads costs most."""
    import numba  # noqa: PLC0415 - with pymatting a second to import, which most processes never need
    from pymatting import estimate_foreground_ml  # noqa: PLC0415 - see above

    def estimate(colours: Floats, alpha: Floats) -> Floats:
        if alpha.size == 1:  # pymatting divides by its number of levels, which is 0 then
            return colours
        return np.asarray(
            estimate_foreground_ml(colours, alpha, n_big_iterations=_SWEEPS), np.float32
        )

    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield estimate
    finally:
        numba.set_num_threads(threads)


def _add_tiles(
    summed: Floats, pixels: Pixels, alpha: NDArray[np.uint16], top: int, estimate: Estimate
) -> None:
    """Add this row of tiles, weighted, to ``summed``: colours and, last, the weights."""
    height, width = alpha.shape
    for left in range(0, width, _STEP):
        if not _soft(alpha[top : top + _STEP, left : left + _STEP]).any():
            continue
        rows = slice(max(0, top - _FADE), min(height, top + _STEP + _FADE))
        columns = slice(max(0, left - _FADE), min(width, left + _STEP + _FADE))
        most = np.float32(1 / np.iinfo(pixels.dtype).max)
        part = alpha[rows, columns] * np.float32(1 / _OPAQUE)
        colours = estimate(pixels[rows, columns] * most, part)
        weight = _ramp(rows, top)[:, None, None] * _ramp(columns, left)[None, :, None]
        here = summed[rows.start - top + _FADE : rows.stop - top + _FADE, columns]
        here += weight * np.dstack((colours, np.ones_like(part)))


def _ramp(span: slice, start: int) -> Floats:
    """Weights along one side of a tile: neighbours' add up to 1 where both are there."""
    at = np.arange(span.start, span.stop) - start + 0.5
    into = np.minimum(at, _STEP - at) / (2 * _FADE) + 0.5
    return into.clip(0, 1).astype(np.float32)


def _write(result: Pixels, summed: Floats, alpha: NDArray[np.uint16], top: int) -> None:
    """Replace these rows' soft and just outside pixels by what the tiles agreed on."""
    start, stop = max(0, top), min(alpha.shape[0], top + _STEP)
    summed = summed[start - top : stop - top]
    around = slice(max(0, start - _REACH), stop + _REACH)
    square = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
    near = cv2.dilate(_soft(alpha[around]).view(np.uint8), square)
    near = near[start - around.start : stop - around.start] > 0
    wanted = near & (alpha[start:stop] < _OPAQUE) & (summed[..., 3] > 0)
    colours = summed[wanted]
    most = np.iinfo(result.dtype).max
    result[start:stop][wanted] = np.rint(colours[:, :3] / colours[:, 3:] * most)


def _soft(alpha: NDArray[np.uint16]) -> NDArray[np.bool_]:
    return np.asarray((alpha > 0) & (alpha < _OPAQUE))
