"""A second network, of another family, sees something else."""

from __future__ import annotations

from matting.judgement.evidence import Evidence
from matting.judgement.measured import Measured, doubted

NAME = "second"


def measure(evidence: Evidence) -> Measured:
    """The mean difference of the two networks, over the share taken for people."""
    return doubted(evidence, NAME)
