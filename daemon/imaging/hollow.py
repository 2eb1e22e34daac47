"""Whether a file ends in zeros, as one does whose room was reserved and never filled.

Such a file has its full size, and where zeros are pixels it decodes: half a photo, half black. A
JPEG or PNG tells by its end mark. What is left are formats in which zeros may be black: they are
doubtful, not damaged.
"""

from __future__ import annotations

import os
from pathlib import Path

from daemon.errors import NotReady, PhotoError
from daemon.imaging.formats import HEAD_BYTES, Format, sniff
from daemon.imaging.tiff import ReadAt

_LEAST_BYTES = 4096
"""Less is a dark corner, or padding to a disk's blocks."""
_SHARE = 64
"""Of a larger file, the last 64th has to be zeros: a black border is thinner, and of copies that
stall anywhere at all one in 64 stalls behind that."""

_TELL_BY_THEMSELVES = (Format.JPEG, Format.PNG)


def doubt(path: Path) -> str | None:
    """Why a file may not be all there although it decodes, one line; None if nothing says so.

    Args:
        path: a regular file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if not _may_be_hollow(file.read(HEAD_BYTES)):
            return None
        zeros = tail(lambda at, size: os.pread(file.fileno(), size, at), size_bytes)
    if not zeros:
        return None
    return f"ends in {zeros} zeros or more: black, or room that was reserved and never filled"


def tail(read: ReadAt, size_bytes: int) -> int:
    """How many zeros a file ends in, if they are enough to wonder at; else 0."""
    tail_bytes = max(_LEAST_BYTES, size_bytes // _SHARE)
    if size_bytes <= tail_bytes or any(read(size_bytes - tail_bytes, tail_bytes)):
        return 0
    return tail_bytes


def demand_filled(read: ReadAt, size_bytes: int) -> None:
    """Refuse a file of packed pixels whose end is zeros, which no packing makes.

    Raises:
        NotReady: it is one.
    """
    if tail(read, size_bytes):
        raise NotReady("ends in zeros: room that was reserved and not filled")


def _may_be_hollow(head: bytes) -> bool:
    try:
        return sniff(head) not in _TELL_BY_THEMSELVES
    except PhotoError:  # the decoder says better what is wrong
        return False
