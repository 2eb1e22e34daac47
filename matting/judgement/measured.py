"""What a reason answers, and what several of them share."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.judgement.evidence import Evidence
from matting.picture.boxes import Box

_EVERY = 3
_GAP = 9
"""Pixels over which points of an outline still belong to one stretch."""
FAINT = 0.08
"""A step of colour below this, of black to white, is no edge that could be followed."""


class Measured(NamedTuple):
    """How bad it is."""

    value: float
    """0 and more; each reason has its own unit."""
    place: Box | None = None
    """Where, in pixels of Evidence.alpha; None: nowhere in particular."""


class Reason(Protocol):
    """What a module here has to have; its docstring's first line says it to people."""

    def measure(self, evidence: Evidence) -> Measured:
        """Look at a matte with somebody in it."""
        ...


def unfounded(evidence: Evidence) -> NDArray[np.bool_]:
    """(n,) the points of the outline at which the photo has no edge, or has it elsewhere."""
    outline = evidence.outline
    return np.asarray(outline.beside | (outline.step < FAINT))


def worst_stretch(evidence: Evidence, doubtful: NDArray[np.bool_]) -> Measured:
    """The longest stretch of the outline along which it is in doubt.

    Args:
        evidence: with the outline.
        doubtful: (n,) the points of it that are.

    Returns:
        Its length in pixels of Evidence.alpha, and its extent.
    """
    outline = evidence.outline
    if not doubtful.any():
        return Measured(0.0)
    x, y = outline.x[doubtful], outline.y[doubtful]
    points = np.zeros(evidence.alpha.shape, np.uint8)
    points[y, x] = 1
    joined = cv2.dilate(points, np.ones((_GAP, _GAP), np.uint8))
    _, labels = cv2.connectedComponents(joined)
    counts = np.bincount(labels[y, x])
    here = labels[y, x] == counts.argmax()
    left, top = int(x[here].min()), int(y[here].min())
    box = Box(left, top, int(x[here].max()) - left + 1, int(y[here].max()) - top + 1)
    return Measured(float(counts.max() * _EVERY), box)


def doubted(evidence: Evidence, name: str) -> Measured:
    """What the engine said of a disagreement; 0 where it said nothing."""
    found = evidence.answered.doubts.get(name)
    if found is None:
        return Measured(0.0)
    return Measured(found.value, None if found.place is None else evidence.from_photo(found.place))
