"""Where the original of a filed photo lies by now: in its folder, renamed, or in the archive."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from daemon.errors import SourceTrouble
from daemon.photo import Photo, show
from daemon.shelf import below, durable


def find_original(photos: Sequence[Photo], sha256: str, archive: Path | None) -> bytes:
    """The file that has a content, as an absolute path.

    Args:
        photos: all versions, under whatever names, that the content is known under.
        sha256: of the content; a file that only is called so is passed over.
        archive: where originals of filed photos are moved to.

    Raises:
        SourceTrouble: it is in none of the places where it could be.
    """
    for photo in photos:
        folder = os.fsencode(photo.folder)
        for root, name in ((folder, photo.path), *_archived(photo, archive)):
            if _holds(root, name, sha256):
                return os.path.join(root, name)
    known = dict.fromkeys(show(os.path.join(os.fsencode(one.folder), one.path)) for one in photos)
    places = " nor ".join([*known, *([f"in {archive}"] if archive else [])])
    raise SourceTrouble(f"its original is not there any more: neither {places}", errno.ENOENT)


def _archived(photo: Photo, archive: Path | None) -> Iterator[tuple[bytes, bytes]]:
    """What in the archived day is as large: folders and name may be spelled otherwise there."""
    if archive is None or photo.filed_on is None:
        return
    root = os.fsencode(archive)
    day = f"{photo.filed_on:%Y-%m-%d}".encode()
    days = [name for name in _listed(root) if name.startswith(day)]
    for above, _, names in (found for one in days for found in os.walk(os.path.join(root, one))):
        for name in sorted(names):
            path = os.path.join(above, name)
            with contextlib.suppress(OSError):
                if os.lstat(path).st_size == photo.version.size_bytes:
                    yield root, os.path.relpath(path, root)


def _listed(folder: bytes) -> list[bytes]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _holds(root: bytes, relative: bytes, sha256: str) -> bool:
    """Whether a regular file, reached through no link, has a content."""
    try:
        with below.opened(root) as at, below.spot(at, relative) as spot:
            return durable.sha256(spot) == sha256
    except OSError:
        return False
