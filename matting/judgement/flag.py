"""What is said of a matte that somebody should look at."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[int, int, int, int]
"""Left, top, width and height in the photo's own pixels."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look at a matte."""

    reason: str
    """A key of ``matting.judgement.reasons.REASONS``."""
    value: float
    """What was measured; each reason says in its own unit, and more is always worse."""
    place: Place | None
    """Where to look; None: nowhere in particular."""
