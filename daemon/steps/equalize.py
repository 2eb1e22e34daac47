"""Equalise contrast locally (CLAHE), for prints so flat that nothing gentler helps."""

from __future__ import annotations

import cv2
import numpy as np
from pydantic import Field

from daemon.options import Options as _Options
from daemon.steps import lab
from daemon.view import View

_DEEP = 65535 / lab.WHITE


class Options(_Options):
    """How strongly, and how locally."""

    clip: float = Field(default=2.0, ge=1, le=10)
    """The most that contrast may grow, as a factor; above 3 grain becomes texture."""
    tiles: int = Field(default=8, ge=1, le=32)
    """Tiles along each side; more is more local."""


def apply(view: View, options: Options) -> View:
    """Equalise lightness by Zuiderveld's CLAHE (Graphics Gems IV, 1994); colours stay.

    On 16 bits: equalising 256 levels of a faded print would leave gaps between them.
    """
    picture = lab.from_rgb(view.pixels)
    deep = np.rint(picture[..., 0].clip(0, lab.WHITE) * _DEEP).astype(np.uint16)
    height, width = deep.shape
    tiles = min(options.tiles, width), min(options.tiles, height)
    picture[..., 0] = cv2.createCLAHE(options.clip, tiles).apply(deep) / _DEEP
    return view.toned(lab.to_rgb(picture))
