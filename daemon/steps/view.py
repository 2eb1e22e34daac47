"""What the network is going to see: a part of the photo, at working size, toned by the steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from daemon.pictures import np, shrinking
from matting.picture.boxes import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from matting.people import Found

Picture: TypeAlias = "NDArray[np.uint8]"
"""(height, width, 3) uint8 sRGB."""
Finder: TypeAlias = "Callable[[Picture], Found]"


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One look at a photo; steps replace it, never change it."""

    photo: Picture
    """The whole upright photo at its own size, as decoded: steps must not write to it."""
    box: Box
    """The part looked at, in whole pixels of ``photo``."""
    pixels: Picture
    """That part, no side longer than ``long_side``, as the steps so far have left it."""
    long_side: int
    """Working size: the most pixels that a side of ``pixels`` may have."""
    find_people: Finder | None = None
    """Searches a picture for people; None: whatever could is not installed."""
    found: Found | None = None
    """Who is in ``pixels``, exactly as they are; None: they have not been searched."""

    @classmethod
    def of(cls, photo: Picture, long_side: int, find_people: Finder | None = None) -> View:
        """Look at the whole photo.

        Args:
            photo: (height, width, 3) uint8 sRGB.
            long_side: the most pixels that a side of the view may have; never enlarged to it.
            find_people: for steps that have to know where people are.
        """
        whole = Box(0, 0, photo.shape[1], photo.shape[0])
        return cls(photo, whole, _shrink(photo, long_side), long_side, find_people)

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of ``photo`` that are looked at: ``photo[view.window]``."""
        box = self.box
        top, left = int(box.y), int(box.x)
        return slice(top, top + int(box.height)), slice(left, left + int(box.width))

    @property
    def detail(self) -> Picture:
        """The part looked at as the photo has it, at the photo's own size; not a copy."""
        return self.photo[self.window]

    def closer(self, box: Box) -> View:
        """Look at ``box`` alone, rendered anew from the photo to have all of its detail.

        The new view forgets what steps did to ``pixels``: whoever applies them has to do that to
        the new view again.

        Args:
            box: in pixels of ``photo``; rounded outwards, and clipped to the photo.

        Raises:
            ValueError: nothing of ``box`` is inside the photo.
        """
        height, width = self.photo.shape[:2]
        left, top = math.floor(max(0, box.x)), math.floor(max(0, box.y))
        right = math.ceil(min(width, box.x + box.width))
        bottom = math.ceil(min(height, box.y + box.height))
        if left >= right or top >= bottom:
            raise ValueError(f"{box} is not inside a photo of {width} x {height}")
        box = Box(left, top, right - left, bottom - top)
        nearer = replace(self, box=box, found=None)
        return replace(nearer, pixels=_shrink(nearer.detail, self.long_side))

    def toned(self, pixels: Picture) -> View:
        """The same look with other colours.

        Raises:
            ValueError: ``pixels`` has another shape or dtype than the present ones.
        """
        if pixels.shape != self.pixels.shape or pixels.dtype != np.uint8:
            raise ValueError(f"a step made {pixels.dtype} {pixels.shape} of {self.pixels.shape}")
        return replace(self, pixels=pixels, found=None)

    def in_photo(self, box: Box) -> Box:
        """Where ``box``, in pixels of this view, lies in the photo."""
        height, width = self.pixels.shape[:2]
        x_scale, y_scale = self.box.width / width, self.box.height / height
        left, top = self.box.x + box.x * x_scale, self.box.y + box.y * y_scale
        return Box(left, top, box.width * x_scale, box.height * y_scale)

    def frame(self, alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Put the matte of the box back where it belongs.

        Args:
            alpha: (box.height, box.width) uint16.

        Returns:
            (height, width) uint16 of the whole photo, 0 outside the box.
        """
        if alpha.shape == self.photo.shape[:2]:
            return alpha
        whole = np.zeros(self.photo.shape[:2], np.uint16)
        whole[self.window] = alpha
        return whole


def _shrink(picture: Picture, long_side: int) -> Picture:
    """A copy no larger than ``long_side``; area averages, so that grain does not alias."""
    height, width = picture.shape[:2]
    scale = long_side / max(width, height)
    if scale >= 1:
        return picture.copy()
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return shrinking.shrunk(picture, size)
