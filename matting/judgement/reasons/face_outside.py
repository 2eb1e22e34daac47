"""A face was seen where the matte has nobody: somebody may be left out.

Also of an empty matte, since then it says more than that nobody was found. What is shown in a
picture on the wall, a doll or a statue has a face, too.
"""

from __future__ import annotations

from matting.faces.outside import is_outside
from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured


def measure(evidence: Evidence) -> Measured:
    """The score of the surest face outside the matte, 0..1; the place is the face's box."""
    worst = Measured(0.0)
    for face in evidence.faces:
        box = evidence.from_photo(face.box)
        if face.score > worst.value and is_outside(box, evidence.alpha):
            worst = Measured(face.score, box)
    return worst
