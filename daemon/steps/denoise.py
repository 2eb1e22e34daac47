"""Smooth grain and scanner noise, and keep the edges."""

from __future__ import annotations

import cv2
from pydantic import Field

from daemon.options import Options as _Options
from daemon.view import View


class Options(_Options):
    """How strong the noise is."""

    strength: float = Field(default=4.0, ge=0, le=30)
    """Standard deviation of the noise to remove, in 8-bit levels; 0 leaves the photo alone."""


def apply(view: View, options: Options) -> View:
    """Non-local means (Buades, Coll and Morel 2005)."""
    if options.strength == 0:
        return view
    return view.toned(cv2.fastNlMeansDenoising(view.pixels, None, options.strength, 5, 13))
