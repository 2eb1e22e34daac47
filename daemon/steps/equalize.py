"""Equalise contrast locally (CLAHE), for prints so flat that nothing gentler helps."""

from __future__ import annotations

from pydantic import Field

from daemon.options import Options as _Options
from daemon.pictures import cv2, np
from daemon.steps import lab
from daemon.steps.view import View


class Options(_Options):
    """How strongly, and how locally."""

    clip: float = Field(default=2.0, ge=1, le=10)
    """The most that contrast may grow, as a factor; above 3 grain becomes texture."""
    tiles: int = Field(default=8, ge=1, le=32)
    """Tiles along each side; more is more local."""


def apply(view: View, options: Options) -> View:
    """Equalise lightness by Zuiderveld's CLAHE (Graphics Gems IV, 1994); colours stay.

    OpenCV's 16-bit variant has 65536 bins, more than a tile has pixels, and clips them all away.
    So it runs on 8 bits and the rounding is put back, which keeps gaps out of faded tones.
    """
    picture = lab.from_rgb(view.pixels)
    rounded = lab.lightness8(view.pixels)
    height, width = rounded.shape
    tiles = min(options.tiles, width), min(options.tiles, height)
    equalized = cv2.createCLAHE(options.clip, tiles).apply(rounded)
    picture[..., 0] += (equalized.astype(np.float32) - rounded) * np.float32(lab.WHITE / 255)
    return view.toned(lab.to_rgb(picture))
