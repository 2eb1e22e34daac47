"""Some of collar, sleeves or skirt is cut off, as happens before a backdrop of like tone."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, worst_stretch

_FEWEST = 10
"""Points of the outline, below which there is too little to say."""


def measure(evidence: Evidence) -> Measured:
    """The share of their outline that cuts something off; the place of the longest stretch."""
    if not evidence.heads:
        return Measured(0.0)
    outline = evidence.outline
    clothes = np.ones(len(outline), np.bool_)
    for head in evidence.heads:
        clothes &= ~(
            (outline.x >= head.x)
            & (outline.x <= head.x + head.width)
            & (outline.y <= head.y + head.height)
        )
    if np.count_nonzero(clothes) < _FEWEST:
        return Measured(0.0)
    cut = clothes & evidence.cut
    return Measured(float(evidence.cut[clothes].mean()), worst_stretch(evidence, cut).place)
