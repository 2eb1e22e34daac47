"""libvips, wrapped once: no other module imports pyvips.

Files are read and written through Python's own file objects, not by path, because libvips reduces
every failing read and write to a sentence and the daemon decides by errno.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import pyvips
from numpy.typing import NDArray

Image = Any
"""pyvips publishes no types."""
Error: type[Exception] = pyvips.Error

ICC, XMP, IPTC = "icc-profile-data", "xmp-data", "iptc-data"

# Padding before a JPEG's end mark; some cameras write it. More of it is lost data.
_HARMLESS = re.compile(r"JPEG data: (\d|1\d) extraneous bytes before marker 0xd9")
# It loses no pixel by itself. But libjpeg tells of the first trouble alone, so it may hide another.
_DOUBTFUL = re.compile(
    r"Inconsistent progression sequence|Invalid SOS parameters"
    r"|unknown JFIF revision|Unknown Adobe color transform"
)

Fact = TypeVar("Fact", int, str, bytes)

# Every photo is new, so the cache of operations would only hold memory. It would also be wrong: it
# takes two profiles for the same one when they are read from the same name one after the other.
pyvips.cache_set_max(0)
# What libvips warns of ("corrupt profile") is told to the user as a warning of the Raster.
logging.getLogger("pyvips").setLevel(logging.CRITICAL)


class _Watched:
    """A file that libvips uses, and the trouble with it that libvips would swallow."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None

    def raise_trouble(self) -> None:
        """Raise the OSError that a read or write ended in, if one did."""
        if self._error:
            raise self._error from None

    # An exception must not leave a callback: cffi would print it and go on.

    def _read(self, size: int) -> bytes | None:
        try:
            return self._file.read(size)
        except OSError as error:
            self._error = error
            return None

    def _seek(self, offset: int, whence: int) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):  # a damaged file refers to a place before its beginning
            return -1

    def _write(self, data: Any) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self._error = error
            return -1


class Source(_Watched):
    """A file for libvips to read."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.handle = pyvips.SourceCustom()
        self.handle.on_read(self._read)
        self.handle.on_seek(self._seek)


class Target(_Watched):
    """A file for libvips to write."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.handle = pyvips.TargetCustom()
        self.handle.on_write(self._write)
        # The TIFF writer goes back to fill in its directory.
        self.handle.on_read(self._read)
        self.handle.on_seek(self._seek)


def image(pixels: NDArray[Any], *, icc: bytes | None = None) -> Image:
    """An image over the array's own memory.

    Args:
        pixels: (height, width) grey or (height, width, 3 or 4) RGB; uint8 or uint16.
        icc: profile to attach.
    """
    pixels = np.ascontiguousarray(pixels)
    deep = pixels.dtype == np.uint16
    if pixels.ndim == 2:
        interpretation = "grey16" if deep else "b-w"
    else:
        interpretation = "rgb16" if deep else "srgb"
    made = pyvips.Image.new_from_array(pixels).copy(interpretation=interpretation)
    return tagged(made, icc) if icc else made


def carrying(image: Image, blobs: Mapping[str, bytes]) -> Image:
    """The image with metadata attached, by libvips' names for them; empty ones are left out."""
    copy = image.copy()
    for name, blob in blobs.items():
        if blob:
            copy.set_type(pyvips.GValue.blob_type, name, blob)
    return copy


def tagged(image: Image, icc: bytes) -> Image:
    """The image with that profile attached in place of its own."""
    return carrying(image, {ICC: icc})


def array(image: Image) -> NDArray[Any]:
    """Compute the image: (height, width, bands), or (height, width) of a single band.

    Raises:
        Error: see ``computed``; what it would warn of is one too.
    """
    pixels, doubts = computed(image)
    if doubts:
        raise Error(doubts)
    return pixels


def computed(image: Image) -> tuple[NDArray[Any], str]:
    """Compute the image, and say what there is to doubt about it.

    Returns:
        (height, width, bands), or (height, width) of a single band; and an oddity of the file that
        costs no pixel, though a fault further on would not be told beside it; mostly none.

    Raises:
        Error: libvips fails, or it went on with black or guessed pixels where a file is damaged,
            as it does for the tiles of a TIFF and the blocks of a JPEG.
    """
    pyvips.vips_lib.vips_error_clear()
    pixels: NDArray[Any] = image.numpy()
    told = pyvips.ffi.string(pyvips.vips_lib.vips_error_buffer()).decode("utf-8", "replace")
    lines = [line for line in told.splitlines() if not _HARMLESS.search(line)]
    if not all(_DOUBTFUL.search(line) for line in lines):
        raise Error("damaged")  # it appends what libvips told
    return pixels, "; ".join(dict.fromkeys(lines)).removeprefix("VipsJpeg: ")


def load(name: str, source: Source, **where: int) -> Image:
    """Open a file with the loader ``name`` itself, so that no other one sees an untrusted file.

    Args:
        name: of the format, in lower case.
        source: the file.
        where: the loader's own options; which page of a TIFF. By default it is the first.

    Raises:
        Error: it cannot; what is missing or damaged further on is raised by ``array``.
    """
    opener = getattr(pyvips.Image, f"{name}load_source")
    image = opener(source.handle, access="sequential", fail_on="error", **where)
    # As pyvips' own new_from_source does: it frees the callbacks with the source, and libvips would
    # call what is there no more. What is made of the image keeps them likewise.
    image._references.append(source.handle)  # noqa: SLF001 - there is no other way to tell it
    return image


def fact(image: Image, name: str, otherwise: Fact) -> Fact:
    """One of an image's metadata, or ``otherwise`` if it has none of that name and type."""
    value = image.get(name) if image.get_typeof(name) else otherwise
    return value if isinstance(value, type(otherwise)) else otherwise


def lettered(text: str, font: str, font_file: Path | None, *, width: int = 0) -> NDArray[np.uint8]:
    """Text as coverage, 0 to 255, in the font's own spacing.

    Args:
        text: one or more words; nothing in it is markup.
        font: family, style and size in pixels, e.g. "sans bold 14".
        font_file: where that family is, if the machine itself need not have it.
        width: break lines that are longer, pixels, and centre them; by default none is broken.
    """
    broken = {"width": width, "align": "centre", "wrap": "word-char"} if width else {}
    named = {"fontfile": os.fspath(font_file)} if font_file else {}
    image = pyvips.Image.text(escape(text), font=font, dpi=72, **named, **broken)
    return array(image)


def built_in_profile(name: str) -> bytes:
    """One of libvips' own ICC profiles: srgb, p3 or cmyk."""
    profile: bytes = pyvips.Operation.call("profile_load", name)
    return profile


def one_line(error: Exception) -> str:
    """What libvips said, on one line and less its boilerplate."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith("unable to call")]
    return "; ".join(dict.fromkeys(told))[:300] or "libvips gives no reason"
