"""The network was unsure of much along the outline."""

from __future__ import annotations

import numpy as np

from matting.judgement.evidence import Evidence, rim
from matting.judgement.measured import Measured
from matting.picture.boxes import Box
from matting.picture.hotspot import hotspot

_UNSURE = (25, 230)
"""Of 255: answers between these."""
_SIDE = 256
"""Pixels of the long side in which widths are told: networks answer at sizes of their own."""
_SHORTEST = 10
"""Pixels of outline, at least."""


def measure(evidence: Evidence) -> Measured:
    """How wide the unsure band is, in 256ths of the long side of what the network saw.

    Over the person's area, as it was first measured, thin figures looked unsure.
    """
    seen = evidence.answered.alpha
    unsure = (seen > _UNSURE[0]) & (seen < _UNSURE[1])
    length = max(_SHORTEST, rim(seen > 127))
    width = int(np.count_nonzero(unsure)) / length * _SIDE / max(seen.shape)
    return Measured(width, _place(evidence, hotspot(unsure.astype(np.float32))))


def _place(evidence: Evidence, box: Box | None) -> Box | None:
    if box is None:
        return None
    rows, columns = evidence.answered.alpha.shape
    window = evidence.answered.window
    across, down = window.width / columns, window.height / rows
    left, top = window.x + box.x * across, window.y + box.y * down
    return evidence.from_photo(Box(left, top, box.width * across, box.height * down))
