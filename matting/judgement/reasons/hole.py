"""There is a hole in the person where the photo has no edge around it."""

from __future__ import annotations

import cv2
import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import FAINT, Measured
from matting.picture.boxes import Box

_SMALLEST = 30
"""Pixels."""
_RIM = 5
"""Pixels around a hole with which it is compared."""


def measure(evidence: Evidence) -> Measured:
    """The area of the worst hole, in hundredths of the person's.

    An arm on a hip encloses backdrop, too. What a hole shows is compared with the person around it
    and with the backdrop outside: one like the backdrop counts a quarter.
    """
    background = (~evidence.person).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(background, connectivity=4)
    outside = _border_labels(labels)
    worst = Measured(0.0)
    for number in range(1, count):
        left, top, across, down, area = stats[number].tolist()
        if area < _SMALLEST or number in outside:
            continue
        value = 100 * area / max(1, evidence.area) * _weight(evidence, labels == number)
        if value > worst.value:
            worst = Measured(value, Box(left, top, across, down))
    return worst


def _border_labels(labels: np.ndarray) -> frozenset[int]:
    rims = labels[0], labels[-1], labels[:, 0], labels[:, -1]
    return frozenset(np.unique(np.concatenate(rims)).tolist())


def _weight(evidence: Evidence, hole: np.ndarray) -> float:
    """1 where it looks like the person around it, less where there is an edge."""
    block = np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)
    rim = (cv2.dilate(hole.astype(np.uint8), block) > 0) & evidence.person
    if not rim.any():
        return 1.0
    apart = np.linalg.norm(evidence.photo[hole].mean(axis=0) - evidence.photo[rim].mean(axis=0))
    return float(1.0 if apart < 2 * FAINT else 0.25)
