"""A face that was seen."""

from __future__ import annotations

from typing import NamedTuple

from matting.picture.boxes import Box


class Face(NamedTuple):
    """A face, as the network believes."""

    box: Box
    """From the brows to the chin, in pixels of what was searched; it may reach beyond that."""
    score: float
    """How sure it is, 0..1."""
