"""Take a private snapshot of a photo, and know that it is whole.

The watched file belongs to somebody else: it can be replaced, appended to or truncated while it is
read. All later work happens on the snapshot, so a file that changes under our hands is noticed
here or not at all relevant.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import BinaryIO

from daemon.errors import Changed, ResultsTrouble, SourceTrouble
from daemon.machine import private
from daemon.photo import Version

_CHUNK_BYTES = 1 << 20
_CHANGED = "changed while it was read; it may still be being written"


def copy_in(source: bytes, snapshot: bytes, expected: Version) -> str:
    """Copy a file while hashing it.

    Args:
        source: the watched file; a symlink is refused, since it may point out of the folder.
        snapshot: where to; overwritten, and not synced to disk because it is only read back.
        expected: the version that settled.

    Returns:
        SHA-256 of the copied bytes, in hexadecimal.

    Raises:
        Changed: the file is no longer, or stopped being, the expected version.
        SourceTrouble: it cannot be read at the moment, or is no longer a file at all.
        ResultsTrouble: the snapshot cannot be written.
    """
    descriptor = _opened(source)
    try:
        _demand(descriptor, expected)
        digest = _copy(descriptor, snapshot, expected.size_bytes)
        _demand(descriptor, expected)
    finally:
        os.close(descriptor)
    return digest


def digest(source: bytes, expected: Version) -> str:
    """SHA-256 of a file that is the expected version, in hexadecimal.

    Raises:
        Changed, SourceTrouble: as ``copy_in``.
    """
    reader = _opened(source)
    try:
        _demand(reader, expected)
        found = hashlib.sha256()
        left = expected.size_bytes
        while left > 0 and (chunk := _read(reader)):
            found.update(chunk)
            left -= len(chunk)
        _demand(reader, expected)
    finally:
        os.close(reader)
    return found.hexdigest()


def _opened(source: bytes) -> int:
    try:
        return os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _source_trouble(error) from error


def _copy(reader: int, snapshot: bytes, size_bytes: int) -> str:
    digest = hashlib.sha256()
    try:
        writer = open(snapshot, "wb", buffering=0, opener=private.opener)  # noqa: SIM115 - two errors to tell apart
    except OSError as error:
        raise _snapshot_trouble(error) from error
    with writer:
        left = size_bytes
        while chunk := _read(reader):
            left -= len(chunk)
            if (
                left < 0
            ):  # room was made sure of for so much; what grows without end has no end here
                raise Changed(_CHANGED)
            digest.update(chunk)
            _write(writer, chunk)
    return digest.hexdigest()


def _write(writer: BinaryIO, chunk: bytes) -> None:
    """All of it: a disk that fills up takes a part first, and only then reports the error."""
    left = memoryview(chunk)
    try:
        while left:
            left = left[writer.write(left) :]
    except OSError as error:
        raise _snapshot_trouble(error) from error


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, _CHUNK_BYTES)
    except OSError as error:
        raise _source_trouble(error) from error


def _demand(reader: int, expected: Version) -> None:
    try:
        found = os.fstat(reader)
    except OSError as error:
        raise _source_trouble(error) from error
    if not stat.S_ISREG(found.st_mode):
        raise SourceTrouble("is not a regular file", errno.EINVAL)
    if not Version.of(found).matches(expected):
        raise Changed(_CHANGED)


def _source_trouble(error: OSError) -> SourceTrouble:
    if error.errno == errno.ELOOP:  # what O_NOFOLLOW answers, in words of another trouble
        return SourceTrouble("is a symlink; it is not followed", errno.ELOOP)
    return SourceTrouble(f"cannot be read: {error.strerror}", error.errno or errno.EIO)


def _snapshot_trouble(error: OSError) -> ResultsTrouble:
    return ResultsTrouble(
        f"no private copy of the photo can be written: {error.strerror}", error.errno or errno.EIO
    )
