"""Reports on photos that were given up, as files: written by us, read as anybody's."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping

from daemon.photo import Photo, show
from daemon.shelf import below, durable, rights, roots
from daemon.shelf.below import Spot
from daemon.shelf.names import cut
from daemon.shelf.spelling import taken_by

FAILED = b"failed"
"""Where reports lie, below the result folder; failed-2 and so on where that is of no use."""

_FOLDERS = (FAILED, *(b"%s-%d" % (FAILED, number) for number in range(2, 10)))
_LARGEST_BYTES = 1 << 18
_DEEPEST = 20
_MOST_ALIKE = 50
"""Reports of the same name, by other ledgers."""
_NOT_OURS = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENXIO)
"""What opening something says that we did not make: a link, a file in place of a folder, a FIFO."""


def find(root: int, trials: int, photo: Photo) -> tuple[bytes, dict[str, object]] | None:
    """The report on this version of this file: its name relative to the root, and what it says.

    Args:
        root: the open result folder.
        trials: its open staging directory.
        photo: the version.

    Raises:
        OSError: reports cannot be read.
    """
    for folder in _FOLDERS:
        for wanted in _numbered(photo):
            name = os.path.join(folder, taken_by(trials, wanted))
            report = _read(root, name)
            if report is None:
                break
            if identity(photo).items() <= report.items():
                return name, report
    return None


def _read(root: int, name: bytes) -> dict[str, object] | None:
    """What a file says; nothing if it cannot be one of our reports; None if there is no file."""
    try:
        with below.spot(root, name) as at, below.regular(at) as descriptor:
            return parse(os.read(descriptor, _LARGEST_BYTES + 1)) or {}
    except OSError as error:
        if error.errno not in _NOT_OURS:
            raise
    with contextlib.suppress(OSError):  # a folder that is closed to us has no report of ours
        return None if below.look_up(root, name) is None else {}
    return None


def parse(content: bytes) -> dict[str, object] | None:
    """A report's content; None for anything else, be it made to harm whoever parses it."""
    if len(content) > _LARGEST_BYTES or _depth(content) > _DEEPEST:
        return None
    try:
        report = json.loads(content)
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


def _depth(content: bytes) -> int:
    """How deeply arrays and objects are nested, however wrong the rest may be.

    Python's parser recurses: 200,000 brackets would end the daemon.
    """
    outside = re.sub(rb"\\.", b"", content, flags=re.DOTALL).split(b'"')[::2]
    steps = (1 if each in b"[{" else -1 for each in re.findall(rb"[\[\]{}]", b"".join(outside)))
    return max(itertools.accumulate(steps, initial=0))


def identity(photo: Photo) -> dict[str, object]:
    """What a report says of the version of the file that it is about."""
    return {
        "photo": photo.id,
        "folder": show(photo.folder),
        "path": show(photo.path),
        "path_hex": photo.path.hex(),
        "inode": photo.version.inode,
        "size_bytes": photo.version.size_bytes,
        "mtime_ns": photo.version.mtime_ns,
    }


def write(root: int, trials: int, photo: Photo, content: Mapping[str, object]) -> bytes:
    """Write a report under the first name that is free, in the first folder that is of use.

    Returns:
        The name, relative to the root.

    Raises:
        OSError: it cannot be written anywhere.
    """
    folder = next((one for one in _FOLDERS if below.hindrance(root, [one]) is None), FAILED)
    staged = _stage(root, trials, photo, content)
    with below.directory(root, folder, make=True) as at:
        for wanted in _numbered(photo):
            name = taken_by(trials, wanted)
            try:
                durable.rename(staged, Spot(at, name))
            except FileExistsError:
                continue
            below.sync(at)
            return os.path.join(folder, name)
    raise AssertionError("the last of the names is nobody else's")


def replace(
    root: int, trials: int, name: bytes, photo: Photo, content: Mapping[str, object]
) -> None:
    """Write a report anew."""
    staged = _stage(root, trials, photo, content)
    with below.spot(root, name) as at:
        os.replace(staged.name, at.name, src_dir_fd=staged.directory, dst_dir_fd=at.directory)
        below.sync(at.directory)


def _stage(root: int, trials: int, photo: Photo, content: Mapping[str, object]) -> Spot:
    staged = Spot(trials, os.path.basename(roots.private(photo.id, "report")))
    durable.write_new(staged, json.dumps(content, indent=2).encode() + b"\n", rights.of(root))
    return staged


def _numbered(photo: Photo) -> Iterator[bytes]:
    """Ids are unique in one ledger only: a second ledger's report of that name is not ours."""
    yield called(photo, b".json")
    for number in range(2, _MOST_ALIKE):
        yield called(photo, b"-%d.json" % number)
    yield called(photo, b"-%s.json" % secrets.token_hex(8).encode())


def called(photo: Photo, end: bytes) -> bytes:
    """What something about a photo that was given up is called; for people, and short enough."""
    stem = os.path.splitext(os.path.basename(photo.path))[0]
    return cut(stem, 180) + f"-{photo.id}".encode() + cut(end, 40)
