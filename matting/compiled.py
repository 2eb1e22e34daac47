"""Kernels that numba compiles: at their first import, which takes some seconds, and keeps on disk.

They are kept beside their module or in ``NUMBA_CACHE_DIR``. numba takes a third of a second to
import: import a module of kernels where it is used. ``python -m matting.compiled`` compiles all.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

COLOURS = ("matting.picture.band",)
"""The modules of kernels that free colours of the background."""
EDGES = ("matting.refiners.lines", "matting.refiners.laplacian", "matting.refiners.gradients")
"""Those that bring a matte to the photo's size."""


def compiled(*signatures: Any) -> Callable[[Kernel], Kernel]:
    """Compile a function for these signatures, without the interpreter's lock."""
    import numba  # noqa: PLC0415 - who only asks for names here needs none

    decorate = numba.njit(list(signatures), cache=True, nogil=True, fastmath=True)
    return cast("Callable[[Kernel], Kernel]", decorate)


def preload(modules: Iterable[str]) -> None:
    """Begin to import kernels in a thread: by the time they are wanted, they are there."""
    missing = [name for name in modules if name not in sys.modules]
    if missing:
        threading.Thread(target=_load, args=(missing,), daemon=True).start()


def _load(modules: Iterable[str]) -> None:
    for name in modules:
        importlib.import_module(name)


if __name__ == "__main__":
    _load((*COLOURS, *EDGES))
