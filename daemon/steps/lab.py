"""CIE L*a*b* (D65) for steps: lightness apart from colour, about a true neutral axis.

In float32, as OpenCV's 8-bit L*a*b* moves a third of all colours by more than a level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from daemon.pictures import cv2, np
from daemon.steps.view import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

Lab: TypeAlias = "NDArray[np.float32]"
"""(height, width, 3) float32: L* 0..100, then a* and b* about zero."""

WHITE = 100.0


def from_rgb(picture: Picture) -> Lab:
    """Convert sRGB, uint8."""
    return np.asarray(cv2.cvtColor(picture * np.float32(1 / 255), cv2.COLOR_RGB2Lab), np.float32)


def to_rgb(picture: Lab) -> Picture:
    """Convert to sRGB, uint8, rounded; colours outside sRGB are clipped."""
    return np.asarray(
        cv2.convertScaleAbs(cv2.cvtColor(picture, cv2.COLOR_Lab2RGB), alpha=255), np.uint8
    )


def lightness8(picture: Picture) -> NDArray[np.uint8]:
    """(height, width) uint8: L* alone, 255 is white."""
    return np.asarray(np.rint(from_rgb(picture)[..., 0].clip(0, WHITE) * 2.55), np.uint8)
