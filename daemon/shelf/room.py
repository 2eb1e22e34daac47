"""Whether one photo fits on a disk. If it does not, that is this photo's affair and nobody else's.

Only where there is no room for anything the disk is what is wrong, and everything pauses.
"""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from daemon.errors import NoRoom, Refused, ResultsTrouble
from daemon.shelf.durable import results_trouble

_ANYTHING_BYTES = 1 << 20
"""A disk that has no room for this has none for any photo."""


def demand_for_copy(
    directory: Path, size_bytes: int, *, spare_bytes: int, taken_bytes: int
) -> None:
    """Make sure that a private copy of a photo fits, beside those that are being made.

    Args:
        directory: where it goes.
        size_bytes: the photo's; known before a byte of it is read.
        spare_bytes: what has to stay free in any case.
        taken_bytes: what other photos at work need or have written there.

    Raises:
        NoRoom: it does not at the moment.
        Refused: nor would it if the disk were empty.
        ResultsTrouble: nothing does, or nobody can tell.
    """
    usage = _usage(directory)
    told = f"its private copy needs {_shown(size_bytes)} on the disk of {directory}"
    if size_bytes + spare_bytes > usage.total:
        raise Refused(f"{told}, which has {_shown(usage.total)} in all; set another state_dir")
    demand_room(directory, spare_bytes + min(size_bytes, _ANYTHING_BYTES))
    if size_bytes + taken_bytes + spare_bytes > usage.free:
        raise NoRoom(f"{told}, and {_shown(usage.free)} are free", errno.ENOSPC)


def demand_for_outputs(directory: Path, size_bytes: int, *, spare_bytes: int) -> None:
    """Make sure that the most that a photo's outputs can take fits.

    Raises:
        NoRoom: it does not at the moment.
        ResultsTrouble: nothing does, or nobody can tell.
    """
    demand_room(directory, spare_bytes + min(size_bytes, _ANYTHING_BYTES))
    free = _usage(directory).free
    if size_bytes + spare_bytes > free:
        told = f"its results can take {_shown(size_bytes)} on the disk of {directory}"
        raise NoRoom(f"{told}, and {_shown(free)} are free", errno.ENOSPC)


def _usage(directory: Path) -> shutil._ntuple_diskusage:
    try:
        return shutil.disk_usage(directory)
    except OSError as error:
        reason = f"the free space of {directory} cannot be told: {error.strerror}"
        raise ResultsTrouble(reason, error.errno or errno.EIO) from error


def _shown(size_bytes: int) -> str:
    return f"{-(-size_bytes >> 20)} MiB"


def demand_room(directory: Path, size_bytes: int) -> None:
    """Make sure that so much can be written there.

    Raises:
        ResultsTrouble: there is less room, or none can tell how much.
    """
    with results_trouble("the free space cannot be told"):
        free = shutil.disk_usage(directory).free
    if free < size_bytes:
        wanted, there = -(-size_bytes >> 20), free >> 20  # up and down: 0 of 0 tells nothing
        reason = f"{wanted} MiB are needed on the disk of {directory}, {there} are free"
        raise ResultsTrouble(reason, errno.ENOSPC)
