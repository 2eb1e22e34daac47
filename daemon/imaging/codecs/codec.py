"""What a format of its own offers, and how its library is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from daemon.errors import NotAPhoto
from daemon.imaging import exif, vips
from daemon.imaging.declared import SRGB, Declared
from daemon.imaging.exif import Exif
from daemon.imaging.opening import Opened
from daemon.raster import Dpi


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture as it stands in its file, and what the file says of it."""

    image: vips.Image
    """8 or 16 bit, grey, RGB or CMYK; with its profile, XMP and IPTC, as ``vips.load`` gives it."""
    exif: Exif = exif.NONE
    declared: Declared = SRGB
    dpi: Dpi | None = None
    """Of the picture as it stands in the file; None: Exif may tell it."""
    extra_samples: int | None = None
    """TIFF's word on the first channel after the colours; None is alpha."""
    warnings: tuple[str, ...] = ()
    remade: bool = False
    """Whether the file holds more than this, e.g. layers or a sensor's own values."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the pixels."""

    size: tuple[int, int]
    """(width, height)."""
    decode: Callable[[], Decoded]
    """Reads the pixels.

    Raises:
        NotReady: it ends early or is damaged.
        NotAPhoto: it is of a kind that is not taken.
    """


class Codec(Protocol):
    """A module that reads one format."""

    def header(self, opened: Opened) -> Header:
        """Read what stands before the pixels; takes no memory for them.

        Raises:
            NotReady, NotAPhoto: as ``Header.decode``.
        """


def library(name: str, package: str, kind: str) -> Any:
    """A library that need not be installed.

    Raises:
        NotAPhoto: it is not.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        told = f"{kind} is not taken here: the package {package} is not installed"
        raise NotAPhoto(f"{told} (pip install 'matted[formats]' brings it)") from error


def told_by(error: Exception) -> str:
    """What a library said, on one line; LibRaw says it in bytes."""
    told = error.args[0] if error.args else error
    text = told.decode(errors="replace") if isinstance(told, bytes) else str(error)
    return " ".join(text.split())[:300]
