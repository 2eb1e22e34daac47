"""Metadata into PNGs and TIFFs that libvips writes.

libvips rewrites Exif by way of libexif, which adds tags that nobody gave, compresses XMP in a PNG
into a chunk where readers do not look, writes no Exif into a TIFF and cuts IPTC to a quarter.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO

from daemon.imaging.blocks import laid_out
from daemon.imaging.exif import NONE, Exif, Tags, Value, of_block
from daemon.imaging.tiff import Tiff
from daemon.raster import Metadata

_XMP, _IPTC, _PHOTOSHOP = 700, 33723, 34377
_BYTE, _UNDEFINED = 1, 7

PNG_HEADER_END = 33
"""Its signature and IHDR."""


def png_chunks(metadata: Metadata) -> bytes:
    """The chunks that are to stand before the pixels; none where there is nothing to tell."""
    chunks = b""
    if metadata.exif:
        chunks += _chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        # Keyword; not compressed, by no method; no language, no translated keyword.
        chunks += _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)
    return chunks


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


class WithChunks(io.RawIOBase, BinaryIO):
    """A file that gets chunks behind its header while it is written, from end to end."""

    def __init__(self, file: BinaryIO, chunks: bytes, header_end: int = PNG_HEADER_END) -> None:
        """Write to ``file``; its header ends at ``header_end``."""
        super().__init__()
        self._file = file
        self._header_end = header_end
        self._chunks = chunks
        self._header = b""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override] # bytes are all that come
        """Write on; all or, where the disk fails, nothing is told to have been written."""
        data = bytes(data)
        if len(self._header) < self._header_end:
            self._header += data
            if len(self._header) >= self._header_end:
                at = self._header_end
                head, rest = self._header[:at], self._header[at:]
                write_all(self._file, head + self._chunks + rest)
            return len(data)
        return self._file.write(data)


def add_to_tiff(file: BinaryIO, metadata: Metadata, resources: bytes = b"") -> None:
    """Give a finished TIFF of one page a directory that holds the metadata too.

    The new directory stands at the end; the header points to it and the old one is left over.

    Raises:
        OSError: it cannot be written.
    """
    extra = {}
    if metadata.xmp:
        extra[_XMP] = Value(_BYTE, metadata.xmp)
    if metadata.iptc:
        extra[_IPTC] = Value(_UNDEFINED, metadata.iptc)
    if resources:
        extra[_PHOTOSHOP] = Value(_BYTE, resources)
    exif = of_block(metadata.exif) if metadata.exif else NONE
    if not (extra or exif != NONE):
        return

    def read(offset: int, size: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    end = file.seek(0, io.SEEK_END)
    tiff = Tiff(read, end)
    layout = tiff.layout
    others = {
        tag: struct.pack(
            layout.order + layout.entry, entry.tag, entry.kind, entry.count, entry.field
        )
        for tag, entry in tiff.directory(tiff.first).entries.items()
    }
    image = {tag: value for tag, value in exif.image.values.items() if tag not in others}
    at = end + end % 2
    body, first = laid_out(Exif(Tags(image | extra), exif.photo, exif.gps), layout, at, others)
    file.seek(end)
    write_all(file, bytes(end % 2) + body)
    file.seek(8 if layout.offset == "Q" else 4)
    write_all(file, struct.pack(layout.order + layout.offset, first))


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of it: a disk that fills up takes a part first."""
    while data:
        data = data[file.write(data) :]
