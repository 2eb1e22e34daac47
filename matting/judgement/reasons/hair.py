"""Some of the hair is cut off: beyond the outline the photo goes on like it."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, worst_stretch

_HAIR = 0.6
"""Share of a head's height, from the crown, in which there is hair."""
_AROUND = 0.1
"""Of a head's width, beside it."""


def measure(evidence: Evidence) -> Measured:
    """The longest stretch that cuts something off, in widths of the head; the worst head."""
    outline, worst = evidence.outline, Measured(0.0)
    for head in evidence.heads:
        wider = _AROUND * head.width
        inside = (outline.x >= head.x - wider) & (outline.x <= head.x + head.width + wider)
        high = (outline.y >= head.y - wider) & (outline.y <= head.y + _HAIR * head.height)
        found = worst_stretch(evidence, np.asarray(inside & high & evidence.cut))
        value = found.value / head.width
        if value > worst.value:
            worst = Measured(value, found.place)
    return worst
