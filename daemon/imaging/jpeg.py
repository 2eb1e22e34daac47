"""What stands in a JPEG before its first scan.

libjpeg warns alike of what costs pixels and of what does not, such as a byte between two segments,
and only of the first such thing in a file; what comes after it is not told. So a harmless oddity
would hide lost data. Here the oddities are taken out before libjpeg sees them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from daemon.errors import NotAPhoto
from daemon.imaging.spliced import Spliced
from daemon.imaging.tiff import ReadAt, Tiff

_CHUNK = 1 << 14
_MAX_SEGMENTS = 20_000
_MAX_HEADER_BYTES = 16 << 20

_APP0, _APP2, _APP14 = 0xE0, 0xE2, 0xEE
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
END_MARK = b"\xff\xd9"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = {0xC0, 0xC1, 0xC9}
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Marks without a length."""
_MARK = re.compile(rb"\xff[^\x00\xff]")

_MP_ENTRIES = 0xB002
_OTHER_VIEWS = range(0x020001, 0x030000)
"""Types of pictures: parts of a panorama, of a stereo pair, other angles. The rest are copies."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A mark and what belongs to it."""

    mark: int
    offset: int
    """Of the mark's 0xff."""
    size_bytes: int
    """The mark's own two included."""


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """All segments before the first scan, its own header included."""

    segments: tuple[Segment, ...]
    scan_at: int
    """Where the first scan's mark, or the end mark, stands; the file's size if there is none."""
    end: int
    """Behind the last segment."""

    @property
    def frame(self) -> Segment | None:
        """The segment that gives size and kind."""
        return next((each for each in self.segments if each.mark in _FRAMES), None)


def header(read: ReadAt, size_bytes: int) -> JpegHeader:
    """Find the segments, stepping over what is none.

    Raises:
        NotAPhoto: there are more than any photo has.
    """
    found: list[Segment] = []
    at = 2
    while at + 1 < size_bytes:
        at = _next_mark(read, at, size_bytes)
        head = read(at, 4)
        if len(head) < 4:
            break
        mark, length = struct.unpack(">xBH", head)
        segment = Segment(mark, at, 2 if mark in _ALONE or mark == _END_OF_IMAGE else 2 + length)
        if mark in {_START_OF_SCAN, _END_OF_IMAGE}:
            return JpegHeader((*found, segment), at, at + segment.size_bytes)
        found.append(segment)
        if len(found) > _MAX_SEGMENTS:
            raise NotAPhoto(f"more than {_MAX_SEGMENTS} segments before its picture")
        at += segment.size_bytes
    return JpegHeader(tuple(found), size_bytes, size_bytes)


def _next_mark(read: ReadAt, at: int, size_bytes: int) -> int:
    while at < size_bytes:
        data = read(at, _CHUNK)
        if found := _MARK.search(data):
            return at + found.start()
        at += max(len(data) - 1, 1)
    return size_bytes


def is_one_scan(read: ReadAt, found: JpegHeader) -> bool:
    """Whether the first scan has all of the picture, so that a decoder notices what is missing."""
    frame, scan = found.frame, found.segments[-1] if found.segments else None
    if frame is None or scan is None or scan.mark != _START_OF_SCAN:
        return False
    return frame.mark in _SEQUENTIAL and read(scan.offset + 4, 1) == _components(read, frame)


def _components(read: ReadAt, frame: Segment) -> bytes:
    # Mark, length, precision, height, width, number of components.
    return read(frame.offset + 9, 1)


def without_oddities(file: BinaryIO, read: ReadAt, found: JpegHeader) -> BinaryIO:
    """The file as it would be without the oddities that cost no pixel, if it has any.

    Returns:
        The file itself, or a view of it with another header.
    """
    if found.end > _MAX_HEADER_BYTES or not found.segments:
        return file
    clean = b"\xff\xd8" + b"".join(_clean_segments(read, found))
    return file if clean == read(0, found.end) else Spliced(file, 0, found.end, clean)


def _clean_segments(read: ReadAt, found: JpegHeader) -> Iterator[bytes]:
    frame = found.frame
    components = (_components(read, frame) or b"\0")[0] if frame else 0
    for segment in found.segments:
        raw = bytearray(read(segment.offset, segment.size_bytes))
        if segment.mark == _APP0 and raw[4:9] == b"JFIF\0" and len(raw) > 9:
            raw[9] = 1  # "unknown JFIF revision number"
        elif segment.mark == _APP14 and raw[4:9] == b"Adobe" and len(raw) > 15:
            _set_known_transform(raw, components)
        elif segment.mark == _START_OF_SCAN and frame and frame.mark in _SEQUENTIAL:
            raw[-3:] = b"\0\x3f\0"  # "invalid SOS parameters for sequential JPEG"
        yield bytes(raw)


def _set_known_transform(raw: bytearray, components: int) -> None:
    """Where the code for the colours' transform is unknown: what libjpeg takes it for."""
    usual = 2 if components == 4 else 1
    if raw[15] not in {0, usual}:
        raw[15] = usual


def pictures(read: ReadAt, found: JpegHeader) -> int:
    """How many pictures an MPO has; what is only another size of the first does not count.

    Raises:
        ValueError, IndexError, struct.error, daemon.errors.PhotoError: nonsense.

    Source: CIPA DC-007, Multi-Picture Format.
    """
    for segment in found.segments:
        if segment.mark == _APP2 and read(segment.offset + 4, 4) == b"MPF\0":
            kinds = _kinds_of_pictures(read(segment.offset + 8, segment.size_bytes - 8))
            return 1 + sum(kind in _OTHER_VIEWS for kind in kinds[1:])
    return 1


def _kinds_of_pictures(block: bytes) -> list[int]:
    def read(offset: int, size: int) -> bytes:
        return block[offset : offset + size]

    tiff = Tiff(read, len(block))
    entry = tiff.directory(tiff.first).entries[_MP_ENTRIES]
    listed = tiff.raw(entry, most_bytes=len(block))
    starts = range(0, len(listed) - 15, 16)
    return [tiff.layout.unpack("I", listed[at : at + 4])[0] & 0xFFFFFF for at in starts]
