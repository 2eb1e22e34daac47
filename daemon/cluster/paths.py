"""Where a worker has mounted what the daemon's settings name."""

from __future__ import annotations

import os
from collections.abc import Mapping


def mapped(path: bytes, paths: Mapping[str, str]) -> bytes:
    """A path of the daemon's machine as this one has it.

    Args:
        path: absolute.
        paths: directories there to directories here, as in the settings' ``executor.paths``. The
            longest one that the path lies in counts; without any, both machines have it alike.
    """
    names = _names(path)
    for there, here in sorted(paths.items(), key=lambda pair: -len(_names(_bytes(pair[0])))):
        above = _names(_bytes(there))
        if names[: len(above)] == above:
            return os.path.join(_bytes(here), *names[len(above) :])
    return path


def _bytes(path: str) -> bytes:
    return os.fsencode(path)


def _names(path: bytes) -> list[bytes]:
    return [name for name in path.split(b"/") if name]
