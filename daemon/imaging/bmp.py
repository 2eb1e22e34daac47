"""BMP, which the binary build of libvips cannot read; OpenCV can."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.errors import NotReady
from daemon.imaging.declared import SRGB, Declared, by_bmp
from daemon.imaging.tiff import ReadAt
from daemon.raster import Dpi

HEADER_BYTES = 54
_UNCOMPRESSED = {0, 3, 6}
"""Plain, and with bit masks for three or four channels."""
_EMBEDDED = b"DEBM"
"""Windows' PROFILE_EMBEDDED, 'MBED' as a little-endian number."""
_ABSURD_PER_METRE = 4_000_000
_MOST_PROFILE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class BmpHeader:
    """What a BMP says about itself."""

    width: int
    height: int
    needed_bytes: int
    """The file must have at least as many."""
    dpi: Dpi | None


def parse(head: bytes) -> BmpHeader:
    """Read the first HEADER_BYTES bytes of a file.

    Raises:
        NotReady: there are fewer.
    """
    if len(head) < HEADER_BYTES:
        raise NotReady(f"ends early: {len(head)} bytes")
    (offset,) = struct.unpack_from("<I", head, 10)
    if struct.unpack_from("<I", head, 14)[0] == 12:  # OS/2: nothing but size and depth
        width, height, _, bits = struct.unpack_from("<4H", head, 18)
        return BmpHeader(width, height, offset + _stride(width, bits) * height, None)
    width, height, _, bits, packing, stored, across, down = struct.unpack_from(
        "<iiHHIIii", head, 18
    )
    width, height = abs(width), abs(height)  # a negative height means top row first
    pixels_bytes = _stride(width, bits) * height if packing in _UNCOMPRESSED else stored
    known = 0 < across < _ABSURD_PER_METRE and 0 < down < _ABSURD_PER_METRE
    dpi = (_per_inch(across), _per_inch(down)) if known else None
    return BmpHeader(width, height, offset + pixels_bytes, dpi)


def decode(data: bytes) -> NDArray[np.uint8]:
    """Decode a whole file; a fourth channel is ignored, as most programs leave it empty.

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        NotReady: it is damaged, or of a kind that OpenCV does not read.
    """
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    told = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # it prints what it also answers with
    try:
        pixels: NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise NotReady(f"BMP: {error.err}") from error
    finally:
        cv2.utils.logging.setLogLevel(told)
    if pixels is None:
        raise NotReady("BMP: damaged, or of an unusual kind")
    return pixels


def colours(read: ReadAt) -> Declared:
    """What a file of Windows' fourth or fifth header says of its colours.

    Raises:
        ValueError, struct.error: nonsense.
    """
    head = read(14, 124)
    (size,) = struct.unpack_from("<I", head)
    if size < 108:
        return SRGB
    kind = head[56:60]
    if size >= 124 and kind == _EMBEDDED:
        offset, length = struct.unpack_from("<2I", head, 112)
        whole = length <= _MOST_PROFILE_BYTES
        return Declared(read(14 + offset, length)) if whole else SRGB
    return by_bmp(kind, struct.unpack_from("<9I", head, 60), struct.unpack_from("<3I", head, 96))


def _stride(width: int, bits: int) -> int:
    return (width * bits + 31) // 32 * 4


def _per_inch(per_metre: int) -> float:
    return round(per_metre * 0.0254, 2)
