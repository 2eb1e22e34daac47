"""What has arrived of a download, and which file it is part of; it stays for the next try."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from matting.models.errors import writing
from matting.small_file import replace_file


@dataclass(frozen=True, slots=True)
class Origin:
    """Which file a partial one is part of."""

    address: str
    """Its SHA-256: an address may hold a password, and the part stays on the disk."""
    etag: str | None
    modified: str | None
    total: int | None


class Part:
    """The partial file of an address, and beside it what is known of its origin."""

    def __init__(self, address: str, folder: Path) -> None:
        self._digest = hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()
        self._folder = folder
        self._path = folder / f"{self._digest[:16]}.part"
        self._about = folder / f"{self._digest[:16]}.part.json"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._folder

    @property
    def path(self) -> Path:
        """Its file; it need not be there, nor all of it."""
        return self._path

    def have(self) -> int:
        """How many bytes have arrived."""
        return self._path.stat().st_size if self._path.exists() else 0

    def known(self) -> Origin | None:
        """What it is part of; None if that is not known well enough to go on."""
        try:
            known = Origin(**json.loads(self._about.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        usable = known.address == self._digest and (known.etag or known.modified)
        return known if usable else None

    def remember(self, etag: str | None, modified: str | None, total: int | None) -> None:
        """Note what it is part of.

        Raises:
            ModelError: the disk does not take it.
        """
        strong = etag if etag and not etag.startswith("W/") else None
        known = Origin(self._digest, strong, modified, total)
        with writing(str(self._folder)):
            replace_file(self._about, json.dumps(asdict(known)).encode())

    @contextmanager
    def appending(self) -> Iterator[BinaryIO]:
        """Open it to add what arrives.

        Raises:
            ModelError: the disk does not take it.
        """
        with writing(str(self._folder)), self._path.open("ab") as file:
            yield file

    def discard(self) -> None:
        """Forget what has arrived: it turned out to be wrong, or is of another file."""
        for path in (self._path, self._about):
            path.unlink(missing_ok=True)


def megabytes(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1e6 else f"{size_bytes} bytes"
