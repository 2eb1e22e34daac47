"""The outline cuts into the face or the neck: a shaded side may be missing."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, worst_stretch

_FACE = (0.45, 1.1)
"""Shares of a head's height, from the crown, between which its sides are face and neck."""
_SIDEWAYS = 0.5
"""How far an outline's direction has to be from a chin's or a shoulder's."""
_FEWEST = 4
"""Points of the outline, below which there is too little to say."""


def measure(evidence: Evidence) -> Measured:
    """The share of the outline beside face and neck that cuts something off; the worst head."""
    outline, worst = evidence.outline, Measured(0.0)
    for head in evidence.heads:
        inside = (outline.x >= head.x) & (outline.x <= head.x + head.width)
        top, bottom = (head.y + share * head.height for share in _FACE)
        low = (outline.y >= top) & (outline.y <= bottom)
        chosen = np.asarray(inside & low & (np.abs(outline.normal[:, 0]) > _SIDEWAYS))
        count = int(np.count_nonzero(chosen))
        value = float(evidence.cut[chosen].mean()) if count >= _FEWEST else 0.0
        if value > worst.value:
            worst = Measured(value, worst_stretch(evidence, chosen & evidence.cut).place)
    return worst
