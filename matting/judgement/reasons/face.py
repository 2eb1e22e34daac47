"""The outline cuts into the face or the neck: a shaded side may be missing."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, unfounded, worst_stretch

_FACE = (0.45, 1.1)
"""Shares of a head's height, from the crown, between which its sides are face and neck."""


def measure(evidence: Evidence) -> Measured:
    """The longest stretch that cuts off or has no edge to follow, in heights of the worst head."""
    outline, worst = evidence.outline, Measured(0.0)
    doubtful = evidence.cut | unfounded(evidence)
    for head in evidence.heads:
        inside = (outline.x >= head.x) & (outline.x <= head.x + head.width)
        top, bottom = (head.y + share * head.height for share in _FACE)
        beside = np.abs(outline.normal[:, 0]) > 0.5
        low = (outline.y >= top) & (outline.y <= bottom)
        found = worst_stretch(evidence, np.asarray(inside & low & beside & doubtful))
        value = found.value / head.height
        if value > worst.value:
            worst = Measured(value, found.place)
    return worst
