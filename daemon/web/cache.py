"""Pictures that were made for the page, in a directory for each photo; the oldest make way."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from daemon.errors import MattedError
from daemon.machine import private

_NEW = "new-"


class Cache:
    """A directory of them; may be asked by several threads."""

    def __init__(self, root: Path, most_bytes: int) -> None:
        """Take over what an earlier run left.

        Args:
            root: is made if it is missing.
            most_bytes: more is not kept.

        Raises:
            MattedError: it cannot be made.
        """
        try:
            private.make_directory(root)
            for left in root.glob(f"{_NEW}*"):
                shutil.rmtree(left, ignore_errors=True)
            aged = sorted(root.iterdir(), key=lambda one: one.stat().st_mtime)
        except OSError as error:
            raise MattedError(f"{root} cannot be used: {error.strerror}") from error
        self._root = root
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._sizes = OrderedDict((one.name, _size_bytes(one)) for one in aged if one.is_dir())
        self._make_room()

    def find(self, key: str, name: str) -> Path | None:
        """A file that was made; None if it was not, or had to make way."""
        path = self._root / key / name
        if not path.exists():
            return None
        with self._lock:
            if key in self._sizes:
                self._sizes.move_to_end(key)
        with contextlib.suppress(OSError):
            os.utime(path.parent if "/" not in name else self._root / key)
        return path

    def make(self, key: str, make: Callable[[Path], object]) -> None:
        """Have files made, which appear all at once; others of that key stay.

        Args:
            key: of the photo and its edition.
            make: given an empty directory, fills it.
        """
        with tempfile.TemporaryDirectory(prefix=_NEW, dir=self._root) as drafts:
            made = Path(drafts) / "made"
            made.mkdir()
            make(made)
            target = self._root / key
            target.mkdir(exist_ok=True)
            # What says how to read the others comes last.
            for one in sorted(made.iterdir(), key=lambda path: path.suffix == ".json"):
                with contextlib.suppress(OSError):  # made twice at once: both are the same
                    one.replace(target / one.name)
        with self._lock:
            self._sizes[key] = _size_bytes(target)
            self._sizes.move_to_end(key)
            self._make_room()

    def _make_room(self) -> None:
        while sum(self._sizes.values()) > self._most_bytes and len(self._sizes) > 1:
            oldest, _ = self._sizes.popitem(last=False)
            shutil.rmtree(self._root / oldest, ignore_errors=True)


def _size_bytes(directory: Path) -> int:
    return sum(
        os.lstat(os.path.join(above, name)).st_size
        for above, _, names in os.walk(directory)
        for name in names
    )
