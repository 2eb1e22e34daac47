"""The part of a picture that a shop wants: cropped to the person, and no larger than it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.pictures import cv2, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.raster import Cutout, Pixels

_SEEN = 257
"""Alpha from here on shows in 8 bits."""

Size = int | tuple[int, int]


def framed(cutout: Cutout, trim: float | None, size: Size | None) -> Cutout:
    """The cut-out cropped to the people in it, then made to fit.

    Args:
        cutout: whole.
        trim: what to leave around them, as a share of the longer side of the box that they fill;
            None does not crop, and neither does anything where nobody is.
        size: the most pixels of each side, or of width and height; it is never enlarged. None: any.

    Returns:
        Another cut-out, with another resolution where it was made smaller; or the same.
    """
    if trim is not None:
        cutout = _cropped(cutout, box_of(cutout.matte.alpha, trim))
    width, height = cutout.raster.size
    most_width, most_height = (size, size) if isinstance(size, int) else size or (width, height)
    scale = min(1.0, most_width / width, most_height / height)
    if scale == 1:
        return cutout
    return shrunk(cutout, (max(1, round(width * scale)), max(1, round(height * scale))))


def box_of(alpha: NDArray[np.uint16], margin: float = 0) -> tuple[slice, slice]:
    """Rows and columns that people fill, with a margin; all of them where nobody is."""
    rows, columns = (np.flatnonzero(alpha.max(axis=axis) >= _SEEN) for axis in (1, 0))
    if not rows.size:
        return slice(0, alpha.shape[0]), slice(0, alpha.shape[1])
    around = round(margin * max(np.ptp(rows) + 1, np.ptp(columns) + 1))
    return tuple(  # type: ignore[return-value] # of the two of them
        slice(max(0, int(found[0]) - around), min(length, int(found[-1]) + 1 + around))
        for found, length in zip((rows, columns), alpha.shape, strict=True)
    )


def _cropped(cutout: Cutout, box: tuple[slice, slice]) -> Cutout:
    return each(cutout, lambda part: part[box])


def each(cutout: Cutout, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Cutout:
    """The cut-out with pixels, matte and colours changed alike."""
    return _with(cutout, *(None if part is None else change(part) for part in _arrays(cutout)))


def shrunk(cutout: Cutout, size: tuple[int, int]) -> Cutout:
    """The cut-out made smaller, as large on paper: colours by how much of them shows."""
    pixels, alpha, foreground = _arrays(cutout)
    coloured = None if foreground is None else _weighted(foreground, alpha, size)
    shrunk = _with(cutout, _small(pixels, size), _small(alpha, size), coloured)
    if cutout.raster.dpi is None:
        return shrunk
    pairs = zip(cutout.raster.dpi, size, cutout.raster.size, strict=True)
    across, down = (round(dpi * new / old, 2) for dpi, new, old in pairs)
    return replace(shrunk, raster=replace(shrunk.raster, dpi=(across, down)))


def _small(picture: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _weighted(colours: Pixels, alpha: NDArray[np.uint16], size: tuple[int, int]) -> Pixels:
    """Straight colours made smaller: where nothing shows they count for nothing."""
    share = alpha.astype(np.float32)
    total = _small(share, size)
    small = _small(colours, size)
    for band in range(3):
        light = _small(colours[:, :, band] * share, size)
        seen = np.divide(light, total, out=small[:, :, band].astype(np.float32), where=total > 0)
        small[:, :, band] = np.rint(seen)
    return small


def _arrays(cutout: Cutout) -> tuple[Any, Any, Any]:
    return cutout.raster.pixels, cutout.matte.alpha, cutout.foreground


def _with(cutout: Cutout, pixels: Any, alpha: Any, foreground: Any) -> Cutout:
    return replace(
        cutout,
        raster=replace(cutout.raster, pixels=np.ascontiguousarray(pixels)),
        matte=replace(cutout.matte, alpha=np.ascontiguousarray(alpha)),
        foreground=None if foreground is None else np.ascontiguousarray(foreground),
    )
