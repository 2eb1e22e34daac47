"""A brush's stroke over a photo: what somebody says is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["person", "background", "hair"]


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line of the brush, in the photo's own pixels."""

    mark: Mark
    """hair: neither all person nor all background; it is to be solved there."""
    width: float
    """Of the brush."""
    points: tuple[tuple[float, float], ...]
    """(x, y), the pixels' corners being whole numbers; one point is a dot."""
