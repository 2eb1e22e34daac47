"""A face was seen where the matte has nobody: somebody may be left out.

Also of an empty matte, since then it says more than that nobody was found. What is shown in a
picture on the wall, a doll or a statue has a face, too.
"""

from __future__ import annotations

import math

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured
from matting.picture.boxes import Box

_OUTSIDE = 0.3
"""Mean alpha in the box of a face below which it is outside: a box has corners of background."""


def measure(evidence: Evidence) -> Measured:
    """The score of the surest face outside the matte, 0..1; the place is the face's box."""
    worst = Measured(0.0)
    for face in evidence.faces:
        box = evidence.from_photo(face.box)
        if face.score > worst.value and _covered(evidence, box) < _OUTSIDE:
            worst = Measured(face.score, box)
    return worst


def _covered(evidence: Evidence, box: Box) -> float:
    """The mean alpha of what a box touches; 1 where that is nothing of the picture."""
    height, width = evidence.alpha.shape
    inside = box.clipped(width, height)
    rows = slice(math.floor(inside.y), math.ceil(inside.y + inside.height))
    columns = slice(math.floor(inside.x), math.ceil(inside.x + inside.width))
    here = evidence.alpha[rows, columns]
    return float(here.mean()) if here.size else 1.0
