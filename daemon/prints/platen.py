"""The platen: what colour it has, and what on the scan is not it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.prints.doubt import Doubt, Kind

_RING = 0.012
"""Width of the border at which the platen is looked for, of the longer side."""
_LEAST_OF_RING = 0.3
"""Share of that border that has to be platen: prints may lie at the edge."""
_NEAR = 8.0
"""Of one colour, CIE Lab 1976; what lies on the platen and is as near is told by its borders."""
_LEAST_OF_SCAN = 0.02
_MOST_UNEVEN = 1.6
"""Lab's units: how far a platen may be from evenly lit. Walls behind pictures are further."""
_LEAST_OFF, _OFF_IN_SPREADS = 2.2, 5.0
_MEAN = 9
"""Pixels whose mean is looked at for what is hardly lighter or darker than the platen."""
_LEAST_FAINT, _FAINT_IN_UNEVEN = 0.5, 3.0
"""How far such a mean has to be off, Lab's units; and in what the light is uneven by."""
_LEAST_BROAD = 9
"""Pixels: what is faint and narrower is a shadow or a gleam beside something."""


@dataclass(frozen=True, slots=True, eq=False)
class Platen:
    """What was found of it."""

    off: NDArray[np.float32]
    """(height, width, 3): how far each pixel is from the platen at its place, Lab."""
    mask: NDArray[np.uint8]
    """(height, width): 1 where something lies."""
    noise: float
    """Of a pixel, Lab."""
    uneven: float
    share: float
    """Of the border."""
    outlined: bool = False
    """Whether what lies there ends where the mask does, be it ever so faint."""

    @property
    def with_faint(self) -> Platen:
        """The mask with what is told from the platen by means alone.

        Light that falls unevenly looks like paper that is hardly darker than the platen; so this is
        for where the mask says too little.
        """
        plain = 1 - self.mask
        share = cv2.blur(plain.astype(np.float32), (_MEAN, _MEAN))
        mean = cv2.blur(self.off * plain[..., None], (_MEAN, _MEAN))
        off = length(mean) / np.maximum(share, 1 / _MEAN**2)
        least = max(_LEAST_FAINT, _FAINT_IN_UNEVEN * self.uneven)
        faint = self.mask | (off > least).astype(np.uint8)
        kernel = np.ones((_LEAST_BROAD, _LEAST_BROAD), np.uint8)
        broad = np.asarray(cv2.morphologyEx(faint, cv2.MORPH_OPEN, kernel), np.uint8)
        return replace(self, mask=self.mask | broad, outlined=True)

    @property
    def doubt(self) -> Doubt | None:
        """Why it is none; None if it is one."""
        if self.share < _LEAST_OF_RING:
            return Doubt(Kind.NO_PLATEN)
        if self.uneven > _MOST_UNEVEN:
            return Doubt(Kind.UNEVEN_PLATEN)
        if self.mask.mean() > 1 - _LEAST_OF_SCAN:
            return Doubt(Kind.FULL_PLATEN)
        return None


def find(photo: NDArray[np.uint8]) -> Platen:
    """Find the platen.

    Args:
        photo: (height, width, 3) sRGB, small enough that its noise is averaged away.
    """
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    ring = _ring(lab.shape[0], lab.shape[1])
    colour = _commonest(lab[ring])
    near = length(lab - colour) < _NEAR
    share = float(near[ring].mean())
    surface = _fitted(lab, near & _around(near, ring))
    off = (lab - surface).astype(np.float32)
    spread, uneven = _spread(off, near)
    far = length(off) > max(_LEAST_OFF, _OFF_IN_SPREADS * spread)
    return Platen(off, far.astype(np.uint8), spread, uneven, share)


def length(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each pixel's vector; in a third of the time that numpy's norm takes."""
    return np.asarray(np.sqrt(np.einsum("ijk,ijk->ij", values, values)), np.float32)


def _ring(height: int, width: int) -> NDArray[np.bool_]:
    ring = np.ones((height, width), bool)
    edge = max(2, round(_RING * max(height, width)))
    ring[edge:-edge, edge:-edge] = False
    return ring


def _commonest(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where colours lie densest: the mode of a coarse histogram, moved to its middle."""
    colours = colours[:: max(1, len(colours) // 8000)]
    bins = np.round(colours / 4).astype(np.int32)
    kinds, counts = np.unique(bins, axis=0, return_counts=True)
    colour = kinds[np.argmax(counts)].astype(np.float32) * 4
    for _ in range(5):
        colour = np.median(colours[np.linalg.norm(colours - colour, axis=1) < _NEAR], axis=0)
    return np.asarray(colour, np.float32)


def _around(near: NDArray[np.bool_], ring: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What hangs together with the border: a print may have the platen's colour in it."""
    _, labels = cv2.connectedComponents(near.astype(np.uint8), connectivity=4)
    at_border = np.unique(labels[ring & near])
    found: NDArray[np.bool_] = np.isin(labels, at_border)
    return found


def _fitted(lab: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """A platen lit from one side: a plane through each channel, fitted to what is near it."""
    height, width = where.shape
    rows, columns = np.nonzero(where)
    step = max(1, len(rows) // 20_000)
    rows, columns = rows[::step], columns[::step]
    terms = np.stack([np.ones(len(rows)), columns / width, rows / height], axis=1)
    values = lab[rows, columns].astype(np.float64)
    factors, *_ = np.linalg.lstsq(terms, values, rcond=None)
    for _ in range(3):
        error = np.linalg.norm(values - terms @ factors, axis=1)
        kept = error <= max(1.0, 2.5 * float(np.median(error)))
        factors, *_ = np.linalg.lstsq(terms[kept], values[kept], rcond=None)
    x = np.arange(width) / width
    y = np.arange(height)[:, None] / height
    planes = [a + b * x + c * y for a, b, c in factors.T]
    return np.stack(planes, axis=-1).astype(np.float32)


def _spread(off: NDArray[np.float32], near: NDArray[np.bool_]) -> tuple[float, float]:
    """The noise of the platen, and how far from a plane its light is, both in Lab's units."""
    inner = cv2.erode(near.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
    where = inner if inner.any() else near
    lengths = length(off)
    smooth = length(cv2.blur(off, (15, 15)))
    return float(np.median(lengths[where])) / 1.5, float(np.percentile(smooth[where], 80))
