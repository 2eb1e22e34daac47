"""The edge of the hair is hard or blocky: no soft fringe that goes on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured
from matting.picture.boxes import Box

_HAIR = 0.6
"""Share of a head's height, from the crown, in which there is hair."""
_SOFT = (13, 242)
"""Alpha of 255 between these is soft."""
_LEAST = 40
"""Pixels of outline below which there is too little to say."""


def measure(evidence: Evidence) -> Measured:
    """The share of the outline around the hair at which alpha jumps; the worst head."""
    worst = Measured(0.0)
    down = evidence.edges.shape[0] / evidence.alpha.shape[0]
    across = evidence.edges.shape[1] / evidence.alpha.shape[1]
    for head in evidence.heads:
        left, right = int(head.x * across), int((head.x + head.width) * across) + 1
        top, bottom = int(head.y * down), int((head.y + _HAIR * head.height) * down) + 1
        margin = max(2, (right - left) // 10)
        around = evidence.edges[
            max(0, top - margin) : bottom, max(0, left - margin) : right + margin
        ]
        value = _hard(around)
        if value > worst.value:
            worst = Measured(value, Box(head.x, head.y, head.width, _HAIR * head.height))
    return worst


def _hard(alpha: NDArray[np.uint8]) -> float:
    """The share of edge pixels without anything soft beside them, or in a block of one value."""
    inside = (alpha > 127).astype(np.uint8)
    block = np.ones((3, 3), np.uint8)
    edge = (cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, block) > 0)[2:-2, 2:-2]
    if np.count_nonzero(edge) < _LEAST:
        return 0.0
    soft = (alpha > _SOFT[0]) & (alpha < _SOFT[1])
    flat = np.zeros_like(soft)
    flat[:-1, :-1] = (alpha[1:, :-1] == alpha[:-1, :-1]) & (alpha[:-1, 1:] == alpha[:-1, :-1])
    smooth = (soft & ~flat).astype(np.uint8)
    near = cv2.dilate(smooth, block)[2:-2, 2:-2] > 0
    return float(1 - near[edge].mean())
