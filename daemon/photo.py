"""The values that travel through the house: Sighting -> Photo -> Raster -> Matte -> Filed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # who handles no pixels need not load numpy, which takes longer than the rest
    import numpy as np
    from numpy.typing import NDArray

from matting.judgement.flag import Flag
from matting.picture.stroke import Stroke

Pixels: TypeAlias = "NDArray[np.uint8] | NDArray[np.uint16]"
"""(height, width, 3) RGB; uint8 or uint16 over the type's whole range."""

Dpi = tuple[float, float]
"""Horizontal and vertical resolution, dots per inch."""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from the next, short of reading it.

    Attributes of the file alone (chmod, rename of a parent) do not change it.
    """

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Version:
        """Take the version from a stat result."""
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)

    def matches(self, other: Version) -> bool:
        """Whether both are the same state of the same file, whenever they were taken.

        Device numbers are left out: NFS, btrfs and overlay get new ones at every mount, and a
        photo that waited in the ledger over a reboot is still the same photo.
        """
        return (self.inode, self.size_bytes, self.mtime_ns) == (
            other.inode,
            other.size_bytes,
            other.mtime_ns,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look at one file: what the scan saw, and when."""

    folder: str
    """The watched folder's path as the settings give it, resolved."""
    path: bytes
    """Relative to the folder; bytes, because file names are."""
    version: Version
    seen_at_s: float
    """Monotonic clock."""


@dataclass(frozen=True, slots=True)
class Touchup:
    """What somebody drew over a filed photo, for its matte to be mended there."""

    results: tuple[str, ...]
    """Absolute paths of what was filed, the matte among them; odd bytes are lone surrogates."""
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True)
class Redo:
    """How a photo that is filed is to be worked through again."""

    source: bytes
    """Absolute path of its original, wherever that is by now."""
    sha256: str
    """Of the content that was filed; another one is not this photo."""
    profile: str | None = None
    """None: the folder's own."""
    engine: str | None = None
    """None: the daemon's own."""
    touchup: Touchup | None = None
    """None: a matte is made anew."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One settled version of one file, as the ledger knows it."""

    id: int
    folder: str
    path: bytes
    version: Version
    attempts: int
    """Charged attempts, the present one included."""
    first_seen_s: float
    """Seconds since the epoch; of this version."""
    filed_on: date | None = None
    """Decided at the first attempt and kept by every retry."""
    names: tuple[bytes, ...] = ()
    """Names of the outputs relative to the result folder, reserved; in the profile's order."""
    tries: int = 0
    """Attempts in all, those included that were given back; for the backoff."""
    watched_s: float = 0.0
    """For how long this version was watched while it was not ready, as far as it was noted."""
    redo: Redo | None = None
    """While it is worked through again."""

    @property
    def shown(self) -> str:
        """The relative path for people: undecodable bytes and control characters escaped."""
        return show(self.path)


def show(path: bytes | str) -> str:
    """A path for logs and reports: always valid UTF-8, on one line."""
    raw = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in raw)


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


@dataclass(frozen=True, slots=True)
class Part:
    """Which of the photos in one file; most files are one photo, and have one part."""

    page: int | None = None
    """Of the file, from 1; None where one page alone is read."""
    print: int | None = None
    """On the scan, from 1; None where the scan was not split."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels, once it is filed."""
    flags: tuple[Flag, ...] = ()
    """Why somebody should look at its matte, and where in its own pixels; once it is filed."""

    @property
    def shown(self) -> str:
        """For people, e.g. "page 2, print 1"; empty for a whole file."""
        named = (("page", self.page), ("print", self.print))
        return ", ".join(f"{name} {number}" for name, number in named if number is not None)


WHOLE = Part()


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a photo that went well."""

    names: tuple[bytes, ...]
    """Outputs relative to the result folder."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    engine: str
    device: str
    people: int | None
    sha256: str
    """Of the bytes the photo was decoded from."""
    refiner: str = "none"
    """What solved the matte's edge; "none" is guided enlargement alone."""
    tiles: int = 0
    """How many tiles the refiner solved."""
    took_s: dict[str, float] = field(default_factory=dict)
    """Seconds per stage: read, decode, prepare, matte, refine, judge, foreground, encode, sync,
    travel, publish."""
    warnings: tuple[str, ...] = ()
    covered: float | None = None
    """Share of the photo that is more person than background, from 0 to 1; None where an older
    program filed it."""
    flags: tuple[Flag, ...] = ()
    """Why somebody should look at the matte, and where."""
    holds_photo: bool = False
    """Whether an output has the photo's own pixels where the matte is opaque."""
    parts: tuple[Part, ...] = ()
    """The photos in the file, each with a set of results, in the order of the names; empty where
    the file is one photo."""
    worker: str = ""
    """The machine that worked on it; empty: the daemon's own."""
