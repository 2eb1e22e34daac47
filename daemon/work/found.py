"""One of the photos in a file, before it is cut out."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.filed import Part
from daemon.raster import Raster
from matting.judgement.flag import Flag


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One photo in a file."""

    part: Part
    raster: Raster
    flags: tuple[Flag, ...] = ()
    """What is to be said of how it was found."""
