"""Straight foreground colours over a backdrop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.outputs.backdrop import Backdrop
from daemon.photo import Pixels
from daemon.pictures import cv2, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPAQUE = 65535
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
    blended = colours.copy()
    for top in range(0, len(colours), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        if (alpha[rows] < _OPAQUE).any():
            _blend(blended[rows], alpha[rows], behind(rows))
    return blended


def filled(behind: Backdrop, like: Pixels) -> Pixels:
    """A backdrop as a picture of its own, of the size and dtype of ``like``."""
    made = np.empty_like(like)
    for top in range(0, len(like), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        part = behind(rows)
        made[rows] = part if part.dtype == like.dtype else np.rint(part)
    return made


def _blend(part: Pixels, alpha: NDArray[np.uint16], behind: NDArray[Any]) -> None:
    """Blend in place; soft pixels are few, so only they are worth arithmetic."""
    below = np.broadcast_to(behind, part.shape)
    soft = np.nonzero((alpha > 0) & (alpha < _OPAQUE))
    share, under = alpha[soft][:, None] * np.float32(1 / _OPAQUE), below[soft].astype(np.float32)
    mixed = np.rint(under + (part[soft] - under) * share)
    whole = below if below.dtype == part.dtype else np.rint(below).astype(part.dtype)
    cv2.copyTo(np.ascontiguousarray(whole), cv2.inRange(alpha, 0, 0), part)
    part[soft] = mixed
