"""Finds the photo in a file before libvips sees it, and what libvips has to be shown of it."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import BinaryIO

from daemon.errors import NotReady
from daemon.imaging import exif, jpeg, pages, vips
from daemon.imaging.exif import Exif
from daemon.imaging.extent import demand_whole
from daemon.imaging.formats import Format
from daemon.imaging.guard import harmless
from daemon.imaging.spliced import Spliced
from daemon.imaging.tiff import Tiff


@dataclass(frozen=True, slots=True)
class Opened:
    """The same open file, read without moving the position that libvips reads from."""

    descriptor: int
    size_bytes: int

    def read(self, offset: int, size: int) -> bytes:
        """The bytes there; fewer at the end of the file, none beyond it."""
        if offset >= self.size_bytes:
            return b""
        return os.pread(self.descriptor, size, offset)


_LOADERS = {Format.AVIF: "heif"}


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """The photo in a file."""

    kind: Format
    source: vips.Source
    page: pages.Page | None = None
    """Of a TIFF."""
    exif: Exif | None = None
    """Of a TIFF; libvips finds that of other formats."""
    warnings: tuple[str, ...] = ()
    lacks_end: bool = False
    """It has no end mark, and is taken all the same if its pixels are there."""

    @property
    def loader(self) -> str:
        """What libvips calls the part of it that reads this kind."""
        return _LOADERS.get(self.kind, self.kind.name.lower())

    @property
    def where(self) -> dict[str, int]:
        """What libvips' loader has to be told."""
        return {"page": self.page.number, "subifd": self.page.sub} if self.page else {}

    def demand_end(self, opened: Opened) -> None:
        """Refuse a file that ends early.

        Raises:
            NotReady: it does.
        """
        if not self.lacks_end:
            demand_whole(self.kind, opened.read, opened.size_bytes)


def find(
    kind: Format,
    file: BinaryIO,
    opened: Opened,
    *,
    last_look: bool,
    place: pages.Place | None = None,
) -> FoundPhoto:
    """Find the photo.

    Args:
        kind: not BMP.
        file: at its beginning.
        opened: the same file.
        last_look: whether to forgive that something is missing behind the pixels.
        place: of the page, where each of a TIFF is a photo.

    Raises:
        NotReady, NotAPhoto: as ``decode``.
    """
    if kind is Format.TIFF:
        return _in_tiff(file, opened, last_look=last_look, place=place)
    lost = _lost_end(kind, opened) if last_look else ()
    if kind is Format.JPEG:
        return _in_jpeg(file, opened, lost)
    return FoundPhoto(kind, vips.Source(file), warnings=lost, lacks_end=bool(lost))


def _in_tiff(
    file: BinaryIO, opened: Opened, *, last_look: bool, place: pages.Place | None
) -> FoundPhoto:
    tiff = Tiff(opened.read, opened.size_bytes)
    chosen = pages.choose(tiff, last_look=last_look, place=place)
    if chosen.is_raw:
        return FoundPhoto(Format.RAW, vips.Source(file))
    told = harmless(lambda: exif.of_page(tiff, chosen.page.directory), exif.NONE)
    if chosen.is_cut:
        at, size = chosen.page.directory.next_at, tiff.layout.size(tiff.layout.offset)
        file = Spliced(file, at, at + size, bytes(size))
    return FoundPhoto(Format.TIFF, vips.Source(file), chosen.page, told, chosen.warnings)


def _in_jpeg(file: BinaryIO, opened: Opened, lost: tuple[str, ...]) -> FoundPhoto:
    header = jpeg.header(opened.read, opened.size_bytes)
    shown = jpeg.without_oddities(file, opened.read, header)
    # Where room was reserved, pixels can be made of the zeros in it, and nothing would tell.
    zeros = opened.read(opened.size_bytes - 1, 1) == b"\0"
    if lost and (zeros or not jpeg.is_one_scan(opened.read, header)):
        lost = ()
    if lost:
        # With an end mark libjpeg says what is missing before it; without one it assumes one.
        end = shown.seek(0, io.SEEK_END)
        shown = Spliced(shown, end, end, jpeg.END_MARK)
        shown.seek(0)
    count = harmless(lambda: jpeg.pictures(opened.read, header), 1)
    several = (f"picture 1 of {count} read",) if count > 1 else ()
    return FoundPhoto(
        Format.JPEG, vips.Source(shown), warnings=(*several, *lost), lacks_end=bool(lost)
    )


def _lost_end(kind: Format, opened: Opened) -> tuple[str, ...]:
    """What is to be told of a file that has no end mark, if its decoder tells of lost pixels."""
    try:
        if kind in {Format.JPEG, Format.PNG}:
            demand_whole(kind, opened.read, opened.size_bytes)
    except NotReady as error:
        return (f"{error}; the picture itself is whole",)
    return ()
