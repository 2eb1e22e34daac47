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
    """The share of the hair's outline where alpha jumps, or of its soft pixels in blocks."""
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
    """The share of edge pixels without anything soft beside them; or of soft ones in blocks."""
    inside = (alpha > 127).astype(np.uint8)
    block = np.ones((3, 3), np.uint8)
    edge = (cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, block) > 0)[2:-2, 2:-2]
    if np.count_nonzero(edge) < _LEAST:
        return 0.0
    soft = (alpha > _SOFT[0]) & (alpha < _SOFT[1])
    near = cv2.dilate(soft.astype(np.uint8), block)[2:-2, 2:-2] > 0
    return max(float(1 - near[edge].mean()), _blocky(alpha, soft))


def _blocky(alpha: NDArray[np.uint8], soft: NDArray[np.bool_]) -> float:
    """The share of soft pixels that have one value with their neighbours on two sides."""
    flat = (alpha[1:, :-1] == alpha[:-1, :-1]) & (alpha[:-1, 1:] == alpha[:-1, :-1])
    count = int(np.count_nonzero(soft))
    return int(np.count_nonzero(flat & soft[:-1, :-1])) / count if count >= _LEAST else 0.0
