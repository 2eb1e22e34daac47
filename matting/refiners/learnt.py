"""Closed form, corrected by a network of our own that learnt where it goes wrong.

Closed form is right about clean hair, and wrong where grain, scratches or foliage look like hair
to it. The network sees the photo, the coarse alpha and what closed form made of both, and moves
that. What that is worth depends on the photo (docs/weights.md). Its file comes with the program, so
it runs where it is called, in no process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.networks.shipped import shipped
from matting.refiners import UNKNOWN, Refiner, Tile
from matting.refiners.closed_form import ClosedForm

_FILE = "aged-edge.onnx"
_BLOCK = 128
"""Pixels along each side of what is corrected at a time, where some of it is unknown..."""
_AROUND = 16
"""...and what the network sees around. It is always fed squares of one size, a multiple of 16: for
another OpenCV lays it out anew, which takes longer than to run it."""

Floats = NDArray[np.float32]


def load(options: dict[str, Any]) -> Refiner:
    """Read the file that comes with the program; it has no options.

    Raises:
        EngineUnavailable: it is not there, or damaged.
    """
    del options
    return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Learnt:
    """One for all photos of a process: reading and laying it out takes as long as some edges."""
    return Learnt(shipped(_FILE))


class Learnt(Refiner):
    """Closed form and the network, on the processor."""

    side, overlap = ClosedForm.side, ClosedForm.overlap
    most_unknown = ClosedForm.most_unknown
    threadsafe = True

    def __init__(self, net: cv2.dnn.Net) -> None:
        """Keep what ``load`` read; see there."""
        self._net = net
        self._one_at_a_time = Lock()
        self._first = ClosedForm()

    def describe(self) -> dict[str, Any]:
        """Its name."""
        return {"name": "learnt"}

    def refine(self, tile: Tile) -> NDArray[np.uint16]:
        """Solve one tile; see Refiner."""
        alpha = self._first.refine(tile)
        unknown = tile.trimap == UNKNOWN
        alpha[tile.trimap < UNKNOWN], alpha[tile.trimap > UNKNOWN] = 0, 65535
        around = _planes(tile, alpha, unknown)
        doubtful = unknown & ~_agreed(alpha, tile.coarse)
        side = _BLOCK + 2 * _AROUND
        for rows, columns in _blocks(doubtful):
            part = around[:, rows.start : rows.start + side, columns.start : columns.start + side]
            if _shows_something(part[:3]):
                inside = doubtful[rows, columns]
                said = self._asked(part)[: inside.shape[0], : inside.shape[1]]
                alpha[rows, columns][inside] = said[inside]
        return alpha

    def _asked(self, part: Floats) -> NDArray[np.uint16]:
        """Alpha of a block, by what is seen there and around."""
        with self._one_at_a_time:
            self._net.setInput(np.ascontiguousarray(part)[None])
            said = self._net.forward()[0, 0, _AROUND:-_AROUND, _AROUND:-_AROUND]
            return np.asarray(np.rint(said * 65535), np.uint16)


def _shows_something(colours: Floats) -> bool:
    """Whether they differ at all: else the network has nothing to go by, and guesses."""
    return bool(np.ptp(colours, axis=(1, 2)).any())


def _agreed(alpha: NDArray[np.uint16], coarse: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where closed form is sure, and the coarse alpha is on its side.

    Before a gaudy, blurred backdrop the network made a haze of all that, a quarter opaque, as far
    as it was asked. On composed pictures it gains nothing there.
    """
    sure = ((alpha == 0) & (coarse < UNKNOWN)) | ((alpha == 65535) & (coarse >= UNKNOWN))
    return np.asarray(sure)


def _planes(tile: Tile, alpha: NDArray[np.uint16], unknown: NDArray[np.bool_]) -> Floats:
    """(6, rows, columns), 0..1: RGB, coarse, closed form's, where it is unknown.

    The last rows and columns are repeated, so that there is something around every block.
    """
    seen = np.empty((6, *unknown.shape), np.float32)
    seen[:3] = tile.pixels.transpose(2, 0, 1) * np.float32(1 / 255)
    seen[3] = tile.coarse * np.float32(1 / 255)
    seen[4] = alpha * np.float32(1 / 65535)
    seen[5] = unknown
    return np.pad(seen, [(0, 0), *((_AROUND, _AROUND + _BLOCK),) * 2], mode="edge")


def _blocks(doubtful: NDArray[np.bool_]) -> Iterator[tuple[slice, slice]]:
    """Those in which something is doubtful, the last of each row and column as small as it is."""
    height, width = doubtful.shape
    for top in range(0, height, _BLOCK):
        for left in range(0, width, _BLOCK):
            rows = slice(top, min(top + _BLOCK, height))
            columns = slice(left, min(left + _BLOCK, width))
            if doubtful[rows, columns].any():
                yield rows, columns
