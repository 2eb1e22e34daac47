"""Where in a composition the person stands, and how large."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.outputs import framing
from daemon.pictures import cv2, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.raster import Cutout

Place = tuple[float, float]
"""Shares of width and height, from the upper left corner."""


def placed(cutout: Cutout, place: Place | None, scale: float) -> Cutout:
    """The people made larger or smaller and moved, in a picture of the same size.

    Args:
        cutout: its foreground colours are there.
        place: where the middle of the box goes that they fill; None leaves it where it is.
        scale: their size; 1 leaves it.

    Returns:
        Another cut-out; where nothing comes to lie its pixels are black and its matte is empty.
    """
    if place is None and scale == 1:
        return cutout
    width, height = cutout.raster.size
    rows, columns = framing.box_of(cutout.matte.alpha)
    middle = (columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2
    target = middle if place is None else (place[0] * width, place[1] * height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if scale < 1:
        scaled = framing.shrunk(cutout, size)
    else:
        scaled = framing.each(cutout, lambda part: _enlarged(part, size))
    left = round(target[0] - middle[0] * size[0] / width)
    top = round(target[1] - middle[1] * size[1] / height)
    moved = framing.each(scaled, lambda part: _moved(part, left, top, (height, width)))
    return replace(moved, raster=replace(moved.raster, dpi=cutout.raster.dpi))


def _enlarged(part: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    if size == (part.shape[1], part.shape[0]):
        return part
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC))


def _moved(part: NDArray[Any], left: int, top: int, shape: tuple[int, int]) -> NDArray[Any]:
    """The part on an empty canvas, with its corner there, and what lies beyond it cut off."""
    canvas = np.zeros((*shape, *part.shape[2:]), part.dtype)
    rows, from_rows = _overlap(top, len(part), shape[0])
    columns, from_columns = _overlap(left, part.shape[1], shape[1])
    canvas[rows, columns] = part[from_rows, from_columns]
    return canvas


def _overlap(start: int, length: int, room: int) -> tuple[slice, slice]:
    """Where something of a length comes to lie in some room, and which part of it does."""
    begin, end = min(max(start, 0), room), min(max(start + length, 0), room)
    return slice(begin, end), slice(begin - start, end - start)
