"""The network answers otherwise when it sees the photo mirrored or in other tones."""

from __future__ import annotations

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, doubted

NAME = "looks"


def measure(evidence: Evidence) -> Measured:
    """The mean difference of its looks from their mean, over the share taken for people."""
    return doubted(evidence, NAME)
