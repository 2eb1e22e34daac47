"""The one guard behind which every field is read that is not the picture itself."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeVar

from daemon.errors import PhotoError

T = TypeVar("T")

NONSENSE = (ArithmeticError, LookupError, ValueError, TypeError, struct.error, PhotoError)
"""What reading a field raises that a program, a crash or a joker filled with anything at all.

OSError is not among it: a disk that cannot be read is no nonsense of the file's.
"""


def harmless(read: Callable[[], T], otherwise: T) -> T:
    """Read a field; bad metadata never costs a photo.

    Returns:
        What it says, or ``otherwise`` where it says nonsense.
    """
    try:
        return read()
    except NONSENSE:
        return otherwise
