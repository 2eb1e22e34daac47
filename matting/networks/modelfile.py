"""Read a model's file, and say what it is if it is no model.

Runs on Python 3.7 too.
"""

from __future__ import annotations

import os

from matting.errors import EngineUnavailable

MAX_BYTES = (2 << 30) - 1
"""Protobuf ends there. The published networks have up to 1 GB."""

_MISTAKEN = (
    (b"<", "it is a web page or another text"),
    (b"version https://git-lfs", "it is a pointer of Git LFS; fetch the file itself"),
    (b"PK\x03\x04", "it is a zip archive"),
    (b"\x1f\x8b", "it is packed by gzip"),
)


def read(path: str) -> bytes:
    """The file's bytes.

    Raises:
        EngineUnavailable: it cannot be read, or is too large for a model.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise EngineUnavailable(f"the model {path} has {size} bytes, over {MAX_BYTES}")
            return file.read()
    except OSError as error:
        reason = error.strerror or error
        raise EngineUnavailable(f"the model {path} cannot be read: {reason}") from error


def mistaken(data: bytes) -> str:
    """What a file is that looks like something else than a model; empty if it does not."""
    if not data:
        return "the file is empty"
    return next((what for start, what in _MISTAKEN if data.startswith(start)), "")
