"""The person's edge is hardly stronger than the print's grain."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, unfounded, worst_stretch

_DROWNED = 2.0
"""Standard deviations of the grain below which an edge is lost in it."""
_LEAST_STEP = 0.01


def measure(evidence: Evidence) -> Measured:
    """The share of the outline that is lost in the grain; what is half lost counts half."""
    steps = np.maximum(evidence.outline.step, _LEAST_STEP)
    if not len(steps):
        return Measured(0.0)
    lost = np.minimum(1.0, _DROWNED * evidence.grain / steps)
    return Measured(float(lost.mean()), worst_stretch(evidence, unfounded(evidence)).place)
