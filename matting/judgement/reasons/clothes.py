"""Some of collar, sleeves or skirt is cut off, as happens before a backdrop of like tone."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, worst_stretch


def measure(evidence: Evidence) -> Measured:
    """The longest stretch that cuts something off, in heights of a head."""
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
    found = worst_stretch(evidence, clothes & evidence.cut)
    height = max(head.height for head in evidence.heads)
    return Measured(found.value / height, found.place)
