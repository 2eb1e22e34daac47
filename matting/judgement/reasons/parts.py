"""Pieces lie apart from the person that are too small to be somebody."""

from __future__ import annotations

import cv2
import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured

_SMALL = 0.1
"""Of the largest part's area; what is larger is another person."""
_APART = 8
"""Pixels from anybody; what is nearer is a lock of hair or a sleeve behind an arm."""


def measure(evidence: Evidence) -> Measured:
    """The area of such pieces, in hundredths of the largest person's; the place of the largest."""
    if not evidence.parts:
        return Measured(0.0)
    largest = evidence.parts[0].area
    people = [part.mask for part in evidence.parts if part.area >= _SMALL * largest]
    near = cv2.dilate(
        np.logical_or.reduce(people).astype(np.uint8),
        np.ones((2 * _APART + 1, 2 * _APART + 1), np.uint8),
    )
    small = [
        part
        for part in evidence.parts
        if part.area < _SMALL * largest and not near[part.mask].any()
    ]
    if not small:
        return Measured(0.0)
    return Measured(100 * sum(part.area for part in small) / largest, small[0].box)
