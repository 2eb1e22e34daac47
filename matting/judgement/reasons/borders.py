"""The person touches three borders of the photo or more, and not only with the shoulders."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured
from matting.picture.boxes import Box

_TOUCHED = 0.1
"""Share of a border from which it counts as touched."""
_ABOVE = 2 / 3
"""Share of the height that counts at the sides: a bust is cut off at the elbows by all cameras."""


def measure(evidence: Evidence) -> Measured:
    """How many borders it touches."""
    person = evidence.person
    upper = max(1, round(len(person) * _ABOVE))
    sides = person[0], person[-1], person[:upper, 0], person[:upper, -1]
    touched = sum(float(side.mean()) >= _TOUCHED for side in sides)
    rows, columns = np.flatnonzero(person.any(axis=1)), np.flatnonzero(person.any(axis=0))
    if not len(rows):
        return Measured(0.0)
    left, top = int(columns[0]), int(rows[0])
    box = Box(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
    return Measured(float(touched), box)
