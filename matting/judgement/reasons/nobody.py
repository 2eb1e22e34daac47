"""Nobody was found."""

from __future__ import annotations

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured


def measure(evidence: Evidence) -> Measured:
    """1 where there is nobody, else 0."""
    return Measured(float(evidence.empty or evidence.answered.people == 0))
