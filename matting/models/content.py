"""What is in a model's file, and who needs it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from matting.models.model import Model

Verdict = Literal["OK", "CHANGED", "MISSING"]


def verify(model: Model) -> Verdict:
    """Read the whole file again: is it what was installed?"""
    try:
        return "OK" if sha256(model.path) == model.sha256 else "CHANGED"
    except OSError:
        return "MISSING"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; 310 MB take 0.3 s."""
    with path.open("rb") as file:
        return sha256_of(file)


def md5(path: Path) -> str:
    """Likewise; it is compared with what was published, and protects against nobody."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def sha256_of(file: IO[bytes]) -> str:
    """The same of an open file, from where it stands to its end."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type] # any binary file


@contextlib.contextmanager
def held(path: Path) -> Iterator[IO[bytes]]:
    """Keep a model's file from being removed as long as an engine may have to read it again.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield file


def in_use(path: Path) -> bool:
    """Whether somebody holds this file; one that cannot be asked is taken for held."""
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
