"""A photo as it is worked on: Raster -> Matte -> Cutout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # who handles no pixels need not load numpy, which takes longer than the rest
    import numpy as np
    from numpy.typing import NDArray

from matting.judgement.flag import Flag

Pixels: TypeAlias = "NDArray[np.uint8] | NDArray[np.uint16]"
"""(height, width, 3) RGB; uint8 or uint16 over the type's whole range."""

Dpi = tuple[float, float]
"""Horizontal and vertical resolution, dots per inch."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a photo's file tells of it for people, fit to be written into any result.

    Nothing in it speaks of orientation, size, resolution or colour space: results have their own.
    """

    exif: bytes = b""
    """A block as PNG keeps it: a little-endian TIFF without pixels and without a thumbnail."""
    xmp: bytes = b""
    """A packet, UTF-8."""
    iptc: bytes = b""
    """IIM datasets."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A decoded photo, upright, in the photo's own RGB space."""

    pixels: Pixels
    icc: bytes
    """The ICC profile that describes ``pixels``; sRGB's own where the photo had none."""
    dpi: Dpi | None
    """None where the file does not say."""
    warnings: tuple[str, ...] = ()
    """Facts the user should read, e.g. that only page 1 of 3 was read."""
    metadata: Metadata = Metadata()
    remade: bool = False
    """Whether the file has other pixels: CMYK, Lab, grey with a profile of its own, or alpha."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, slots=True)
class Matte:
    """How much of each pixel is person, at the photo's own size."""

    alpha: NDArray[np.uint16]
    """(height, width), 0 is background, 65535 opaque foreground."""
    engine: str
    device: str
    people: int | None
    """How many people were found; None where the engine does not count them."""
    flags: tuple[Flag, ...] = ()
    """Why somebody should look at it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a cut-out came of, for those who keep records."""

    name: str = ""
    """The photo's file name, fit to be shown."""
    sha256: str = ""
    """Of the bytes the photo was decoded from."""
    software: str = ""
    """Name and version of the program."""
    model: str = ""
    """What the engine ran."""
    framework: str = ""
    """What that ran on, with its version."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """All that an output may draw from: the photo, its matte and its foreground colours."""

    raster: Raster
    matte: Matte
    foreground: Pixels | None
    """(height, width, 3) decontaminated colours in the raster's dtype and RGB space; straight, not
    premultiplied. None where no output of the profile needs them."""
    origin: Origin = Origin()
