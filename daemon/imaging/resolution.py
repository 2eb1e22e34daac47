"""How many dots an inch of a photo has."""

from __future__ import annotations

from daemon.imaging import exif, vips
from daemon.imaging.exif import Exif
from daemon.imaging.formats import Format
from daemon.raster import Dpi

_MM_PER_INCH = 25.4
_NO_UNIT, _CENTIMETRE = 1, 3
_ABSURD_PER_MM = 4000.0
_UNKNOWN_IN_PNG = (2.834, 2.834)
"""libvips' answer for a PNG without resolution; one of 72 dpi says 2.835."""


def dpi(kind: Format, image: vips.Image, told: Exif, orientation: int) -> Dpi | None:
    """What the file says; libvips answers 25.4 or 72 where it says nothing."""
    per_mm = image.xres, image.yres
    if kind is Format.PNG:
        known = per_mm != _UNKNOWN_IN_PNG
    else:
        known = vips.fact(image, "resolution-unit", "") != ""
    if kind in {Format.WEBP, Format.AVIF}:  # libvips does not look into their EXIF
        return by_exif(told, orientation if kind is Format.WEBP else 1)
    return _per_inch(per_mm, orientation) if known else None


def by_exif(told: Exif, orientation: int) -> Dpi | None:
    """What Exif says, of a photo that it says to turn so."""
    return _per_inch(_exif_per_mm(told), orientation)


def _per_inch(per_mm: tuple[float, float], orientation: int) -> Dpi | None:
    if not all(0 < density < _ABSURD_PER_MM for density in per_mm):
        return None
    # Files keep whole dots per metre or the like: 300 dpi come as 299.9994.
    across, down = (round(density * _MM_PER_INCH, 2) for density in per_mm)
    return (down, across) if orientation >= 5 else (across, down)


def _exif_per_mm(told: Exif) -> tuple[float, float]:
    unit = told.image.number(exif.RESOLUTION_UNIT)
    if unit == _NO_UNIT:  # a ratio of width to height
        return 0, 0
    unit_mm = 10.0 if unit == _CENTIMETRE else _MM_PER_INCH
    across = told.image.number(exif.X_RESOLUTION) or 0
    return across / unit_mm, (told.image.number(exif.Y_RESOLUTION) or 0) / unit_mm
