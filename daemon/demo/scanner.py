"""A scanner's way of writing a file: it appears at once and fills slowly, with pauses."""

from __future__ import annotations

import time
from pathlib import Path


def scan_into(inbox: Path, photo: Path, *, chunks: int = 8, pause_s: float = 0.25) -> Path:
    """Write ``photo`` into the inbox in chunks, under its final name from the first byte on.

    Returns:
        The path it got.
    """
    data = photo.read_bytes()
    target = inbox / photo.name
    size = -(-len(data) // chunks)
    with target.open("xb", buffering=0) as file:
        for start in range(0, len(data), size):
            file.write(data[start : start + size])
            time.sleep(pause_s)
    return target
