"""The boxes that HEIC, AVIF, CR3 and JPEG 2000 are made of, and whether all of them are there.

Sources: ISO/IEC 14496-12 (boxes), 23008-12 (HEIF's properties), 15444-1 Annex I (JP2 has the same).
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging.tiff import ReadAt

_MOST_BOXES = 20_000
_MOST_BRANDS = 64
_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_AV1_BRANDS = {b"avif", b"avis"}


@dataclass(frozen=True, slots=True)
class Box:
    """One box."""

    kind: bytes
    body_at: int
    """Offset in the file."""
    end: int


def boxes(read: ReadAt, at: int, end: int) -> Iterator[Box]:
    """The boxes that stand one after the other in a part of a file.

    Raises:
        NotReady: one goes on behind the end.
        NotAPhoto: there are more than any photo has.
    """
    for _ in range(_MOST_BOXES):
        if at >= end:
            return
        box = _box(read, at, end)
        yield box
        at = box.end
    raise NotAPhoto("its boxes have no end: more of them than any photo has")


def _box(read: ReadAt, at: int, end: int) -> Box:
    head = read(at, 16)
    if len(head) < 8:
        raise NotReady(f"ends early: no {at + 8} bytes in it")
    size, kind = struct.unpack_from(">I4s", head)
    body_at = at + 8
    if size == 1 and len(head) == 16:
        (size,) = struct.unpack_from(">Q", head, 8)
        body_at = at + 16
    if size == 0:  # up to the end, whatever that is by then
        return Box(kind, body_at, end)
    if at + size > end:
        raise NotReady(f"ends early: it should have at least {at + size} bytes")
    if at + size < body_at:
        raise NotReady(f"damaged: a box of {size} bytes")
    return Box(kind, body_at, at + size)


def demand_whole(read: ReadAt, size_bytes: int) -> None:
    """Refuse a file whose boxes go on behind its end, or that has no picture's boxes yet.

    What stands behind a picture's boxes and is none itself does no harm: phones append to photos.

    Raises:
        NotReady: it is so.
    """
    kinds = set[bytes]()
    try:
        for box in boxes(read, 0, size_bytes):
            kinds.add(box.kind)
    except NotReady:
        if not _hold_a_picture(kinds):
            raise
    if not _hold_a_picture(kinds):
        raise NotReady("ends early: nothing in it tells of a picture yet")


def _hold_a_picture(kinds: AbstractSet[bytes]) -> bool:
    return b"jp2c" in kinds or bool({b"meta", b"moov"} & kinds and {b"mdat", b"idat"} & kinds)


def inside(read: ReadAt, size_bytes: int, *path: bytes) -> Iterator[Box]:
    """The boxes of the last kind, in boxes of the kinds before it."""
    places = [(0, size_bytes)]
    for depth, kind in enumerate(path):
        found = [box for at, end in places for box in _whole(read, at, end) if box.kind == kind]
        if depth == len(path) - 1:
            yield from found
            return
        # A meta box has a version and flags before what it holds.
        places = [(box.body_at + 4 * (box.kind == b"meta"), box.end) for box in found]


def _whole(read: ReadAt, at: int, end: int) -> Iterator[Box]:
    """Those before the first that is cut, or is none."""
    with contextlib.suppress(NotReady):
        yield from boxes(read, at, end)


def code_points(read: ReadAt, size_bytes: int) -> tuple[int, int] | None:
    """Colour primaries and transfer as numbers of H.273; None where no colour box has them."""
    for box in inside(read, size_bytes, b"meta", b"iprp", b"ipco", b"colr"):
        if read(box.body_at, 4) == b"nclx" and box.end - box.body_at >= 8:
            primaries, transfer = struct.unpack(">HH", read(box.body_at + 4, 4))
            return primaries, transfer
    return None


def coding(head: bytes) -> str:
    """What a file that begins with such a box is coded in: "HEVC", "AV1", "CR3" or "" for others.

    Args:
        head: the file's first bytes, of which the first box says what programs can read it.
    """
    (size,) = struct.unpack_from(">I", head)
    named = head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))
    brands = {brand for brand in named[:_MOST_BRANDS] if len(brand) == 4}
    if named[0] == b"crx ":
        return "CR3"
    if brands & _AV1_BRANDS:
        return "AV1"
    return "HEVC" if brands & (_HEVC_BRANDS | {b"mif1", b"msf1"}) else ""
