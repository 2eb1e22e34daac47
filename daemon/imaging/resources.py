"""Photoshop's image resources: what stands beside the pixels in a PSD, a TIFF's tag and a JPEG.

Source: Adobe Photoshop File Formats Specification, "Image Resource Blocks".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

from daemon.raster import Dpi, Metadata

RESOLUTION, ALPHA_NAMES, IPTC, ICC = 1005, 1006, 1028, 1039
ALPHA_NAMES_UNICODE, ALPHA_IDENTIFIERS, VERSION = 1045, 1053, 1057
EXIF, XMP = 1058, 1060

_SIGNATURE = b"8BIM"
_INCH = 1
_LONGEST_NAME = 255


def packed(resources: Mapping[int, bytes]) -> bytes:
    """Resources one after the other, as a TIFF's tag 34377 and a JPEG's APP13 hold them."""
    return b"".join(map(_block, *zip(*resources.items(), strict=True))) if resources else b""


def _block(kind: int, body: bytes) -> bytes:
    # The two bytes after the kind are an empty name.
    return _SIGNATURE + struct.pack(">HHI", kind, 0, len(body)) + body + bytes(len(body) % 2)


def parsed(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each resource, up to the first that is none.

    Raises:
        struct.error: one is cut short.
    """
    at = 0
    while block[at : at + 4] == _SIGNATURE:
        kind, name_bytes = struct.unpack_from(">HB", block, at + 4)
        at += 6 + name_bytes + 1 + (name_bytes + 1) % 2
        (size,) = struct.unpack_from(">I", block, at)
        yield kind, block[at + 4 : at + 4 + size]
        at += 4 + size + size % 2


def resolution(dpi: Dpi) -> bytes:
    """Dots per inch, to be shown per inch, as 16.16 fixed point."""
    across, down = (min(round(value * 65536), 0xFFFFFFFF) for value in dpi)
    return struct.pack(">IHHIHH", across, _INCH, _INCH, down, _INCH, _INCH)


def channel_names(names: Sequence[str]) -> dict[int, bytes]:
    """What further channels are called, for old readers and for those that read Unicode."""
    old = [name.encode("mac_roman", "replace")[:_LONGEST_NAME] for name in names]
    new = [(name + "\0").encode("utf-16-be") for name in names]
    return {
        ALPHA_NAMES: b"".join(bytes([len(name)]) + name for name in old),
        ALPHA_NAMES_UNICODE: b"".join(struct.pack(">I", len(name) // 2) + name for name in new),
        ALPHA_IDENTIFIERS: struct.pack(f">{len(names)}I", *range(1, len(names) + 1)),
    }


def carrying(metadata: Metadata) -> dict[int, bytes]:
    """What a photo's file tells of it for people."""
    told = {IPTC: metadata.iptc, EXIF: metadata.exif, XMP: metadata.xmp}
    return {kind: body for kind, body in told.items() if body}


def version(writer: str) -> bytes:
    """Who wrote the file, and that its merged picture is real."""
    names = b"".join(
        struct.pack(">I", len(name) + 1) + (name + "\0").encode("utf-16-be")
        for name in [writer] * 2
    )
    return struct.pack(">IB", 1, 1) + names + struct.pack(">I", 1)
