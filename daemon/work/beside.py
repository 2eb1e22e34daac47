"""What lies beside a photo and belongs to it, by its name alone; opened elsewhere."""

from __future__ import annotations

import os

TRIMAP_ENDING = ".trimap.png"
"""anna.jpg has anna.trimap.png; such files are taken for no photos (daemon/intake/ignore.py)."""


def trimap_beside(source: bytes) -> bytes:
    """Where the trimap of a photo would lie."""
    return os.path.splitext(source)[0] + os.fsencode(TRIMAP_ENDING)
