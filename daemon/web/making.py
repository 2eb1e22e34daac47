"""What runs in the processes that make pictures; the page itself loads no picture library."""

# ruff: noqa: PLC0415 - what works on pictures is imported where that is done

from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path

from daemon.machine import spawning
from daemon.web.layers import Files, Layer


def settle_in(parent: int, memory_bytes: int) -> None:
    """Runs first in each of them."""
    spawning.settle_in(parent, memory_bytes)
    os.nice(5)  # photos that are being filed come first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the page to heed
    import cv2

    cv2.setNumThreads(1)


def warm_up() -> None:
    """Load what takes time to load."""
    importlib.import_module("daemon.web.rendering")


def make_small(files: Files, directory: Path) -> None:
    """See ``rendering.render_small``."""
    from daemon.web.rendering import render_small

    render_small(files, directory)


def make_tiles(layer: Layer, files: Files, directory: Path) -> None:
    """See ``rendering.render_tiles``."""
    from daemon.web.rendering import render_tiles

    render_tiles(files, layer, directory)
