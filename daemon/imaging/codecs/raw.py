"""Camera raw and DNG, by LibRaw: the camera's white balance, nothing brightened, 16 bit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from daemon.errors import NotAPhoto, NotReady, PhotoError
from daemon.imaging import bmff, exif, resolution, vips
from daemon.imaging.codecs.codec import Decoded, Header, library, told_by
from daemon.imaging.colour import SRGB
from daemon.imaging.formats import HEAD_BYTES
from daemon.imaging.guard import harmless
from daemon.imaging.opening import Opened
from daemon.imaging.stored import demand_pixels
from daemon.imaging.tiff import Tiff

_SRGB_CURVE = (2.4, 12.92)
_XMP = 700
_MOST_XMP_BYTES = 1 << 18
_TURNS_ASIDE = (5, 6)
"""LibRaw's words for a quarter turn; the size is told before it."""


def header(opened: Opened) -> Header:
    """Read what stands before the pixels."""
    _demand_whole(opened)
    rawpy: Any = library("rawpy", "rawpy", "camera raw")
    with _told(rawpy):
        raw = _opened(rawpy, opened)
        sizes = raw.sizes
        raw.close()
    width, height = sizes.width, sizes.height
    if sizes.flip in _TURNS_ASIDE:
        width, height = height, width
    return Header((width, height), partial(_decode, rawpy, opened))


def _decode(rawpy: Any, opened: Opened) -> Decoded:
    with _told(rawpy), _opened(rawpy, opened) as raw:
        raw.unpack()
        pixels = raw.postprocess(
            use_camera_wb=True,
            no_auto_bright=True,
            adjust_maximum_thr=0.0,  # else the brightest pixel of the photo decides what white is
            output_bps=16,
            output_color=rawpy.ColorSpace.sRGB,
            gamma=_SRGB_CURVE,
        )
        orientation = 6 if raw.sizes.flip in _TURNS_ASIDE else 1
    xmp = harmless(lambda: _xmp(opened), b"")
    image = vips.carrying(vips.image(pixels), {vips.ICC: SRGB, vips.XMP: xmp})
    told = harmless(lambda: _exif(opened), exif.NONE)
    dpi = harmless(lambda: resolution.by_exif(told, orientation), None)
    return Decoded(image, told, dpi=dpi, remade=True)


def _opened(rawpy: Any, opened: Opened) -> Any:
    raw = rawpy.RawPy()
    raw.open_file(f"/proc/self/fd/{opened.descriptor}")
    return raw


def _exif(opened: Opened) -> exif.Exif:
    tiff = Tiff(opened.read, opened.size_bytes)
    return exif.of_directory(tiff, tiff.directory(tiff.first))


def _xmp(opened: Opened) -> bytes:
    tiff = Tiff(opened.read, opened.size_bytes)
    packet = tiff.directory(tiff.first).entries[_XMP]
    return tiff.raw(packet, most_bytes=_MOST_XMP_BYTES)


def _demand_whole(opened: Opened) -> None:
    """LibRaw makes black, or noise, of what is missing."""
    head = opened.read(0, HEAD_BYTES)
    if head[4:8] == b"ftyp":
        bmff.demand_whole(opened.read, opened.size_bytes)
    elif head[:2] in {b"II", b"MM"}:
        demand_pixels(Tiff(opened.read, opened.size_bytes), opened.size_bytes)


@contextmanager
def _told(rawpy: Any) -> Iterator[None]:
    try:
        yield
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        raise NotAPhoto(f"camera raw of a kind that is not taken: {told_by(error)}") from error
    except rawpy.LibRawUnsufficientMemoryError as error:
        raise MemoryError(f"camera raw: {told_by(error)}") from error
    except rawpy.LibRawTooBigError as error:
        raise NotAPhoto(f"camera raw that is too big for LibRaw: {told_by(error)}") from error
    except rawpy.LibRawError as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> PhotoError:
    return NotReady(f"camera raw ends early or is damaged: {told_by(error)}")
