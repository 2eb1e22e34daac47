"""A line for each photo that was filed, beside its results, for other programs to read.

``manifest.jsonl`` lies in the day's folder: one JSON object a line, in the order of filing. What
lies among results can be anybody's, so it is reached and written like results are: through open
directories, as a regular file with one name, never through a link. What somebody has put in its
place is gone round, into ``manifest-2.jsonl`` or a folder with a number. A line that a crash cut
short is ended, and written anew; one that was written is not written twice.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daemon.ledger.notices import Notice
from daemon.shelf import below, rights, roots
from daemon.shelf.below import Spot
from daemon.shelf.durable import results_trouble
from daemon.shelf.spelling import fitted

NAMES = (b"manifest.jsonl", *(b"manifest-%d.jsonl" % number for number in range(2, 10)))
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_OURS = (errno.ELOOP, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ENXIO)
"""What opening says of what somebody else has put there."""
_TAIL_BYTES = 1 << 18
"""More than all lines that a crash can have left without their position: each is two kilobytes."""


def record(notice: Notice) -> None:
    """Write a notice's line into its day's manifest, durably, unless it is there.

    Raises:
        ResultsTrouble: it cannot be written at present.
    """
    document = notice.document
    results = Path(document["results_folder"])
    with (
        results_trouble("the manifest cannot be written"),
        roots.opened(results) as (root, inside),
        below.spot(root, _place(root, inside, notice), make=True) as at,
        _opened(at.directory, rights.of(root)) as manifest,
    ):
        tail = _tail(manifest)
        if _has(tail, notice):
            return
        cut_short = b"" if not tail or tail.endswith(b"\n") else b"\n"
        line = json.dumps(entry(notice), separators=(", ", ": ")).encode("ascii")
        _write(manifest, cut_short + line + b"\n")
        os.fsync(manifest)
        below.sync(at.directory)


def entry(notice: Notice) -> dict[str, Any]:
    """What the line says: the notice, with results relative to the manifest's own root."""
    dropped = ("event", "results_folder", "took_s")
    told = {key: value for key, value in notice.document.items() if key not in dropped}
    return {"ledger": notice.ledger, "notice": notice.id, **told}


def _place(root: int, trials: int, notice: Notice) -> bytes:
    """The manifest's name below the root, in a folder that is of use."""
    day = notice.document["filed_on"] or time.strftime("%F", time.localtime(notice.at_s))
    return fitted(root, trials, os.path.join(os.fsencode(day), NAMES[0]), aside=True)


@contextlib.contextmanager
def _opened(day: int, given: rights.Rights) -> Iterator[int]:
    descriptor = _first_of_use(day, given)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _first_of_use(day: int, given: rights.Rights) -> int:
    for name in NAMES[:-1]:
        try:
            return _open(Spot(day, name), given)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
    return _open(Spot(day, NAMES[-1]), given)


def _open(at: Spot, given: rights.Rights) -> int:
    """Open it for appending; it is made where it is missing."""
    fresh = below.look(at) is None
    descriptor = os.open(at.name, _APPEND, 0o666, dir_fd=at.directory)
    try:
        _demand_plain(descriptor, at.name)
        if fresh:
            rights.give(descriptor, given)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _demand_plain(manifest: int, name: bytes) -> None:
    found = os.fstat(manifest)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise OSError(errno.ENXIO, "not a regular file with one name", name)


def _tail(manifest: int) -> bytes:
    size_bytes = os.fstat(manifest).st_size
    return os.pread(manifest, _TAIL_BYTES, max(0, size_bytes - _TAIL_BYTES))


def _has(tail: bytes, notice: Notice) -> bool:
    """Two daemons may share the results, and each counts from 1."""
    marker = b'{"ledger": "%s", "notice": %d, ' % (notice.ledger.encode(), notice.id)
    return any(line.startswith(marker) and line.endswith(b"}") for line in tail.split(b"\n"))


def _write(manifest: int, data: bytes) -> None:
    """All of it: a disk may take a part."""
    while data:
        data = data[os.write(manifest, data) :]
