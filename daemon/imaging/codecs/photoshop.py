"""Photoshop's PSD and PSB: the merged picture that stands behind the layers, which are not read.

The library's own way to the pixels makes black of what it cannot decode, and decodes all channels
into one piece; so rows are found here, and only their packing is left to it. Source: Adobe
Photoshop File Formats Specification.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging import exif, resources, vips
from daemon.imaging.codecs.codec import Decoded, Header, library
from daemon.imaging.guard import harmless
from daemon.imaging.opening import Opened
from daemon.raster import Dpi

_GREY, _INDEXED, _RGB, _CMYK, _DUOTONE = 1, 2, 3, 4, 8
_MODES = {0: "bitmap", 7: "multichannel", 9: "Lab"}
_COLOURS = {_GREY: 1, _INDEXED: 1, _RGB: 3, _CMYK: 4, _DUOTONE: 1}
_MOST_RESOURCE_BYTES = 64 << 20
_RAW, _PACKED = 0, 1
_LAST = b"\0\xa5"
"""PackBits for one byte."""


@dataclass(frozen=True, slots=True)
class _Document:
    """What stands before the pixels."""

    version: int
    channels: int
    size: tuple[int, int]
    depth: int
    mode: int
    palette: bytes
    resources: dict[int, bytes]
    pixels_at: int

    @property
    def row_bytes(self) -> int:
        """Of one channel."""
        return self.size[0] * self.depth // 8


def header(opened: Opened) -> Header:
    """Read what stands before the pixels, the layers passed over."""
    document = _document(opened)
    told = document.resources.get(resources.VERSION, b"")
    if len(told) > 4 and not told[4]:
        raise NotAPhoto(
            "a Photoshop document without a merged picture is not taken; save it with"
            " 'Maximize Compatibility'"
        )
    return Header(document.size, partial(_decode, document, opened))


def _document(opened: Opened) -> _Document:
    head = _exactly(opened, 0, 26)
    _, version, _, channels, height, width, depth, mode = struct.unpack(">4sH6sHIIHH", head)
    if version not in {1, 2} or mode in _MODES or mode not in _COLOURS or depth not in {8, 16}:
        kind = _MODES.get(mode, f"mode {mode}")
        told = f"a Photoshop document of {depth} bits ({kind}) is not taken"
        raise NotAPhoto(f"{told}; save it with 8 or 16 bits, as grey, RGB or CMYK")
    palette_at, palette_bytes = _section(opened, 26, "I")
    resources_at, resources_bytes = _section(opened, palette_at + palette_bytes, "I")
    layers_at, layers_bytes = _section(
        opened, resources_at + resources_bytes, "Q" if version == 2 else "I"
    )
    if resources_bytes > _MOST_RESOURCE_BYTES:
        raise NotAPhoto(f"a Photoshop document with {resources_bytes} bytes of resources")
    block = _exactly(opened, resources_at, resources_bytes)
    return _Document(
        version,
        channels,
        (width, height),
        depth,
        mode,
        _exactly(opened, palette_at, 768) if mode == _INDEXED else b"",
        harmless(lambda: dict(resources.parsed(block)), dict[int, bytes]()),
        layers_at + layers_bytes,
    )


def _section(opened: Opened, at: int, code: str) -> tuple[int, int]:
    """Where a section's body begins, and how long it is."""
    size = struct.calcsize(">" + code)
    (length,) = struct.unpack(">" + code, _exactly(opened, at, size))
    return at + size, int(length)


def _decode(document: _Document, opened: Opened) -> Decoded:
    colours = _COLOURS[document.mode]
    if document.channels < colours:
        raise NotReady(f"a Photoshop document of {document.channels} channels is damaged")
    # What is transparent is white in the merged picture already, and further channels are
    # selections; so the colours are all that is read.
    planes = np.stack(list(_planes(document, opened, colours)), axis=-1)
    if document.mode == _CMYK:
        planes = np.invert(planes)  # ink is the other way round in it
    if document.mode == _INDEXED:
        table = np.frombuffer(document.palette, np.uint8).reshape(3, 256).T
        planes = table[planes[:, :, 0]]
    image = vips.image(planes[:, :, 0] if planes.shape[2] == 1 else planes)
    if document.mode == _CMYK:
        image = image.copy(interpretation="cmyk")
    told = document.resources
    blobs = {vips.ICC: told.get(resources.ICC, b""), vips.XMP: told.get(resources.XMP, b"")}
    blobs[vips.IPTC] = told.get(resources.IPTC, b"")
    return Decoded(
        vips.carrying(image, blobs),
        exif.of_block(told.get(resources.EXIF, b"")),
        dpi=harmless(lambda: _dpi(told[resources.RESOLUTION]), None),
        remade=True,
    )


def _planes(document: _Document, opened: Opened, count: int) -> Iterator[NDArray[Any]]:
    width, height = document.size
    depth = np.dtype(np.uint8) if document.depth == 8 else np.dtype(">u2")
    (compression,) = struct.unpack(">H", _exactly(opened, document.pixels_at, 2))
    at = document.pixels_at + 2
    if compression == _RAW:
        rows = _raw_planes(document, opened, at, count)
    elif compression == _PACKED:
        rows = _packed_planes(document, opened, at, count)
    else:
        raise NotReady(f"a Photoshop document of compression {compression} is damaged")
    for plane in rows:
        yield np.frombuffer(plane, depth).reshape(height, width).astype(depth.newbyteorder("="))


def _raw_planes(
    document: _Document, opened: Opened, at: int, count: int
) -> Iterator[bytes | bytearray]:
    size = document.row_bytes * document.size[1]
    if at + size * document.channels > opened.size_bytes:
        raise _early(at + size * document.channels)
    for number in range(count):
        yield _exactly(opened, at + number * size, size)


def _packed_planes(
    document: _Document, opened: Opened, at: int, count: int
) -> Iterator[bytes | bytearray]:
    rle: Any = library("psd_tools.compression", "psd-tools", "a Photoshop document").rle_impl
    height, row_bytes = document.size[1], document.row_bytes
    code = np.dtype(">u2" if document.version == 1 else ">u4")
    table_bytes = height * document.channels * code.itemsize
    lengths = np.frombuffer(_exactly(opened, at, table_bytes), code).astype(np.int64)
    at += table_bytes
    if at + int(lengths.sum()) > opened.size_bytes:
        raise _early(at + int(lengths.sum()))
    for number in range(count):
        own = lengths[number * height : (number + 1) * height]
        packed = _exactly(opened, at, int(own.sum()))
        at += len(packed)
        yield b"".join(_rows(rle, packed, own.tolist(), row_bytes))


def _rows(rle: Any, packed: bytes, lengths: list[int], row_bytes: int) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        # It fills up with black what is missing and says nothing, unless a last byte is awaited.
        row = rle.decode(packed[at : at + length] + _LAST, row_bytes + 1)
        if row[-1:] != _LAST[-1:]:
            raise NotReady("a Photoshop document ends early or is damaged: a row is too short")
        yield row[:-1]
        at += length


def _dpi(block: bytes) -> Dpi | None:
    """Dots per inch in 16.16 fixed point, whatever unit they are shown in."""
    across, _, _, down = struct.unpack_from(">IHHI", block)
    found = round(across / 65536, 2), round(down / 65536, 2)
    return found if min(found) > 0 else None


def _exactly(opened: Opened, at: int, size: int) -> bytes:
    data = opened.read(at, size)
    if len(data) < size:
        raise _early(at + size)
    return data


def _early(needed_bytes: int) -> NotReady:
    return NotReady(f"ends early: it should have at least {needed_bytes} bytes")
