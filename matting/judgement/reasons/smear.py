"""Broad patches are half transparent, where no hair is so broad."""

from __future__ import annotations

import cv2
import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured
from matting.picture.hotspot import hotspot

_HALF = (0.08, 0.92)
"""Alpha between these."""
_BROAD = 7
"""Pixels across, at least."""


def measure(evidence: Evidence) -> Measured:
    """How wide they are together along the whole outline, in pixels of 512."""
    alpha = evidence.alpha
    half = ((alpha > _HALF[0]) & (alpha < _HALF[1])).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_BROAD, _BROAD))
    broad = cv2.morphologyEx(half, cv2.MORPH_OPEN, disc)
    width = int(np.count_nonzero(broad)) / evidence.outline_length
    return Measured(width, hotspot(broad.astype(np.float32)))
