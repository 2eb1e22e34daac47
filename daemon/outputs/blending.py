"""Straight foreground colours over a backdrop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.outputs.backdrop import Backdrop
from daemon.pictures import blended, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.raster import Pixels

_STRIP_ROWS = 64
"""Rows blended at a time: what is worked on stays near the processor, however large the scan."""


def blend(colours: Pixels, alpha: NDArray[np.uint16], behind: Backdrop) -> Pixels:
    """Put straight foreground colours over a backdrop.

    Args:
        colours: (height, width, 3).
        alpha: (height, width), 65535 is opaque.
        behind: gives the rows of the background.

    Returns:
        (height, width, 3) in the dtype of ``colours``, rounded to nearest.
    """
    above = np.ascontiguousarray(colours)
    made = np.empty_like(above)
    for top in range(0, len(above), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        under = np.broadcast_to(behind(rows), above[rows].shape)
        blended.blend(above[rows], alpha[rows], under, made[rows])
    return made


def filled(behind: Backdrop, like: Pixels) -> Pixels:
    """A backdrop as a picture of its own, of the size and dtype of ``like``."""
    made = np.empty_like(like)
    for top in range(0, len(like), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        part = behind(rows)
        made[rows] = part if part.dtype == like.dtype else np.rint(part)
    return made
