"""Reasons to look at a matte.

A new one is a module here, a line in ``REASONS``, a limit in thresholds.py and words in told.py.
"""

from __future__ import annotations

from matting.judgement.measured import Reason
from matting.judgement.reasons import (
    borders,
    clothes,
    face,
    face_outside,
    grain,
    hair,
    hair_edge,
    hole,
    looks,
    nobody,
    parts,
    second,
    smear,
    unsure,
)

REASONS: dict[str, Reason] = {
    "face_outside": face_outside,
    "nobody": nobody,
    "borders": borders,
    "unsure": unsure,
    "smear": smear,
    "looks": looks,
    "second": second,
    "grain": grain,
    "hole": hole,
    "parts": parts,
    "hair": hair,
    "hair_edge": hair_edge,
    "clothes": clothes,
    "face": face,
}
"""In the order in which they are told."""
