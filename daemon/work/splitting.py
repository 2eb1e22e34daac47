"""A scan cut into the prints that lay on it; or kept whole, with the reason why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from daemon.filed import Part
from daemon.imaging.colour import small_srgb8
from daemon.imaging.exif import of_block
from daemon.prints import cutting, find, told
from daemon.prints.doubt import Doubt, Kind
from daemon.raster import Raster
from daemon.work.found import Found
from matting.judgement.flag import Flag

UNSPLIT = "unsplit"
"""The reason, among those to look at a photo, that goes with a warning of why it was not cut."""
UNPARTED = "unparted"
"""Likewise, of what was cut out and may be two prints."""
_EXPOSURE, _APERTURE = 33434, 33437
"""Exif's tags that cameras write, and flatbeds do not."""


def split(whole: Found) -> Iterator[Found]:
    """The prints on a scan, each a photo of its own; the scan itself where that is not certain."""
    small, scale = small_srgb8(whole.raster, find.LONG_SIDE)
    layout = _layout(whole.raster, small)
    if layout.doubt:
        why = f"not cut into prints: {told.tell(layout.doubt)}"
        raster = replace(whole.raster, warnings=(*whole.raster.warnings, why))
        yield Found(whole.part, raster, (*whole.flags, Flag(UNSPLIT, 1.0, None)))
        return
    scan = whole.raster
    rectangles = cutting.sharpened(scan.pixels, layout, scale)
    for number, (rectangle, remark) in enumerate(zip(rectangles, layout.remarks, strict=True), 1):
        pixels = cutting.cut(scan.pixels, rectangle)
        # What lay between the prints is in no result, so the scan must not be deleted.
        raster, flags = replace(scan, pixels=pixels, remade=True), whole.flags
        if remark:
            raster = replace(raster, warnings=(*scan.warnings, f"may be two prints: {remark}"))
            flags += (Flag(UNPARTED, 1.0, None),)
        yield Found(Part(page=whole.part.page, print=number), raster, flags)


def _layout(raster: Raster, small: NDArray[np.uint8]) -> find.Layout:
    """Framed pictures on a wall look like prints on a platen; but a camera says so."""
    tags = of_block(raster.metadata.exif).photo.values
    if {_EXPOSURE, _APERTURE} & tags.keys():
        return find.Layout(doubt=Doubt(Kind.CAMERA))
    return find.find(small)
