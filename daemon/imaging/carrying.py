"""How much of a photo's metadata goes into its results, and what is added to it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Literal

from daemon.imaging import exif
from daemon.imaging.blocks import block_of
from daemon.imaging.exif import Exif, Tags, Value
from daemon.raster import Metadata

Policy = Literal["all", "safe", "none"]

_SOFTWARE, _ASCII = 305, 2
_OURS = {_SOFTWARE, exif.PHOTO, exif.GPS}
"""The pointers are made anew, or none where nothing is left that they could point to."""
_IIM_MARK = b"\x1c"
_PREVIEWS = {(2, 200), (2, 201), (2, 202)}
"""Of IPTC: a thumbnail, and what it is."""

_GPS_ATTRIBUTE = re.compile(
    rb"\sexif:GPS\w{1,40}\s{0,8}=\s{0,8}(?:\"[^\"<]{0,300}\"|'[^'<]{0,300}')"
)
_GPS_ELEMENT = re.compile(
    rb"<(exif:GPS\w{1,40})(?:\s[^<>]{0,300})?(?:/>|(?<!/)>[^<]{0,300}</\1\s{0,8}>)"
)


def carried(metadata: Metadata, policy: Policy, software: str) -> Metadata:
    """What the results of a photo are to tell.

    Args:
        metadata: all that the photo tells of itself.
        policy: all of it; what is safe to be published, which is all but where it was taken; or
            nothing, not even what made the results.
        software: what made them, in ASCII.
    """
    if policy == "none":
        return Metadata()
    found = exif.of_block(metadata.exif) if metadata.exif else exif.NONE
    made_by = Value(_ASCII, software.encode("ascii", "replace") + b"\0")
    # First: where all does not fit into a block, this does.
    image = {_SOFTWARE: made_by}
    image |= {tag: told for tag, told in found.image.values.items() if tag not in _OURS}
    everything = policy == "all"
    kept = Exif(Tags(image), found.photo, found.gps if everything else Tags())
    xmp = metadata.xmp
    if not everything:
        xmp = _GPS_ATTRIBUTE.sub(b"", _GPS_ELEMENT.sub(b"", xmp))
    return Metadata(block_of(kept), xmp, b"".join(_without_previews(metadata.iptc)))


def _without_previews(iptc: bytes) -> Iterator[bytes]:
    at = 0
    while iptc[at : at + 1] == _IIM_MARK and len(iptc) >= at + 5:
        record, dataset, size = struct.unpack_from(">BBH", iptc, at + 1)
        if size >= 1 << 15:  # an extended one, of which this tells the length of the length
            length = int.from_bytes(iptc[at + 5 : at + 5 + (size & 0x7FFF)], "big")
            size = (size & 0x7FFF) + length
        if (record, dataset) not in _PREVIEWS:
            yield iptc[at : at + 5 + size]
        at += 5 + size
    yield iptc[at:]
