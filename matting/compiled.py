"""How kernels are compiled: by numba, when their module is imported, and kept on disk.

numba takes a quarter of a second to import: import a module of kernels where it is used
(matting/kernels.py). Where scipy or coverage are installed it imports these, too: for products of
matrices, and to tell what was compiled. We have it do neither, and scipy takes twice as long as
numba, so they are hidden from it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_UNUSED = ("scipy", "coverage")


@contextmanager
def _hidden() -> Iterator[None]:
    """Have packages seem absent; those that are loaded already stay."""
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: it is not to be had
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


with _hidden():
    import numba
    from numba import types

__all__ = ["compiled", "types"]


def compiled(*signatures: Any) -> Callable[[Kernel], Kernel]:
    """Compile a function for these signatures; it runs without the interpreter's lock."""

    def decorate(kernel: Kernel) -> Kernel:
        with _hidden():  # numba imports the rest of itself with the first kernel
            made = numba.njit(list(signatures), cache=True, nogil=True, fastmath=True)(kernel)
        return cast("Kernel", made)

    return decorate
