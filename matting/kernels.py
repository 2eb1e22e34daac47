"""Which modules of kernels there are. ``python -m matting.kernels`` has numba compile all of them.

That takes some seconds, once: numba keeps what it compiled beside each module, or in
``NUMBA_CACHE_DIR``.
"""

from __future__ import annotations

import importlib
import sys
import threading

KERNELS = (
    "matting.picture.averages",
    "matting.refiners.roughness",
    "matting.refiners.lines",
    "matting.refiners.whitening",
    "matting.refiners.laplacian",
    "matting.refiners.gradients",
    "matting.picture.band",
    "matting.picture.blended",
)
"""In the order in which a photo needs them."""


def preload() -> None:
    """Begin to import them in a thread: by the time they are wanted, they are there."""
    if not all(name in sys.modules for name in KERNELS):
        threading.Thread(target=load, daemon=True).start()


def load() -> None:
    """Import them; what has not been compiled yet is."""
    for name in KERNELS:
        importlib.import_module(name)


if __name__ == "__main__":
    load()
