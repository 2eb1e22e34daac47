"""From what was measured to what is told."""

from __future__ import annotations

from matting.judgement import thresholds
from matting.judgement.evidence import Evidence
from matting.judgement.flag import Flag
from matting.judgement.reasons import REASONS

_OF_NOBODY = ("face_outside", "nobody")
"""What can be said of a matte with nobody in it."""


def judge(evidence: Evidence, engine: str) -> tuple[Flag, ...]:
    """The reasons to look at a matte, in the order of the registry.

    Args:
        evidence: all that is at hand.
        engine: whose matte it is; limits are its own.
    """
    limits = thresholds.limits(engine)
    asked = _OF_NOBODY if evidence.empty else tuple(REASONS)
    measured = ((reason, REASONS[reason].measure(evidence)) for reason in asked)
    return tuple(
        Flag(reason, round(found.value, 4), evidence.place(found.place))
        for reason, found in measured
        if found.value > limits[reason]
    )
