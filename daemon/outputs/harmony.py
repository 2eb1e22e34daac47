"""Light and colours of a person that suit another background.

Two documented methods, each as strong as is wished:

- Statistics (Reinhard, Ashikhmin, Gooch and Shirley 2001, "Color Transfer between Images"): mean
  and spread of the person's light and colours, in Lab, go towards those of the new background.
- The seam (Perez, Gangnet and Blake 2003, "Poisson Image Editing"; OpenCV's ``seamlessClone``): the
  photo is cloned into the new background along a line just around the person. What that changes is
  a smooth field, the difference of the two backgrounds spread over the person; it is computed small
  and added at the photo's own size and depth. The clone itself has 8 bits, a hard edge and a rim of
  the old background; the matte has none of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.pictures import cv2, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.raster import Cutout, Pixels

_LONG_SIDE = 256
"""At about this size fields and statistics are computed: both are smooth."""
_STRIP_ROWS = 256
_LEAST_SPREAD, _MOST_SPREAD = 0.7, 1.4
"""A person stays a person before a plain wall, and before a colourful one."""
_PERSON = 0.5
_EDGE = 4
_BLUR = 4
_RIM = 8
"""Pixels of the small picture between the person and the line. OpenCV takes three of them back, and
where the line then meets the person their own outline counts as the seam."""

Field = Any
"""(height, width, 3) float32, what is added, from -1 to 1."""


def matched(
    cutout: Cutout, colours: Pixels, behind: Pixels, *, match: float, seam: float
) -> Pixels:
    """The person's colours, matched to a background.

    Args:
        cutout: photo and matte, as the person is placed.
        colours: (height, width, 3) straight foreground colours.
        behind: the new background in the photo's size, depth and colour space.
        match: how much of the statistics is taken over, 0 to 1.
        seam: how much of what cloning changes is taken over, 0 to 1.

    Returns:
        Others of the same dtype; the same array where nobody is.
    """
    small = [_small(part) for part in (colours, cutout.raster.pixels, behind)]
    alpha = _shrink(cutout.matte.alpha, _size(cutout.matte.alpha)).astype(np.float32) / 65535
    if not (alpha >= _PERSON).any():
        return colours
    change = _statistics(small[0], small[2], alpha) if match else None
    field = seam * _seam(small[1], small[2], alpha) if seam else None
    full = np.iinfo(colours.dtype).max
    made = np.empty_like(colours)
    for top in range(0, len(colours), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        part = colours[rows].astype(np.float32) / full
        if change is not None:
            part += match * (_moved(part, *change) - part)
        if field is not None:
            part += _rows_of(field, rows, colours.shape)
        made[rows] = np.rint(np.clip(part, 0, 1) * full)
    return made


Change = tuple["NDArray[np.float32]", "NDArray[np.float32]", "NDArray[np.float32]"]


def _statistics(person: Any, behind: Any, alpha: NDArray[Any]) -> Change:
    """The person's mean, the factor of the spread and the background's mean; Lab."""
    own, its = (cv2.cvtColor(part, cv2.COLOR_RGB2LAB) for part in (person, behind))
    ours, theirs = own[alpha >= _PERSON], its.reshape(-1, 3)
    factor = np.clip(
        theirs.std(axis=0) / np.maximum(ours.std(axis=0), 1), _LEAST_SPREAD, _MOST_SPREAD
    )
    return ours.mean(axis=0), factor.astype(np.float32), theirs.mean(axis=0)


def _moved(part: NDArray[Any], mean: Any, factor: Any, target: Any) -> NDArray[np.float32]:
    lab = cv2.cvtColor(part, cv2.COLOR_RGB2LAB)
    return np.asarray(cv2.cvtColor((lab - mean) * factor + target, cv2.COLOR_LAB2RGB), np.float32)


def _seam(photo: Any, behind: Any, alpha: NDArray[Any]) -> Field:
    """What cloning the photo into the background changes within the line around the person."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RIM + 1, 2 * _RIM + 1))
    inside = cv2.dilate((alpha > 1 / 255).astype(np.uint8) * 255, kernel)
    # OpenCV holds on to the target along the whole picture's edge. A person who is cut off there
    # would be pulled towards it, so all is mirrored beyond it: the person goes on, and ends.
    source, target = (_mirrored(np.rint(part * 255).astype(np.uint8)) for part in (photo, behind))
    mask = _mirrored(inside)
    mask[:_EDGE], mask[-_EDGE:], mask[:, :_EDGE], mask[:, -_EDGE:] = 0, 0, 0, 0
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return np.zeros_like(photo)
    middle = (left + width // 2, top + height // 2)
    outside = mask == 0  # OpenCV writes into the mask
    cloned = cv2.seamlessClone(source, target, mask, middle, cv2.NORMAL_CLONE)
    cloned[outside] = target[outside]
    rows, columns = alpha.shape
    change = (cloned.astype(np.float32) - source)[rows : 2 * rows, columns : 2 * columns] / 255
    # Its 8 bits are steps that would show.
    return np.asarray(cv2.GaussianBlur(change, (0, 0), _BLUR))


def _size(picture: NDArray[Any]) -> tuple[int, int]:
    height, width = picture.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _mirrored(part: Any) -> NDArray[np.uint8]:
    """Three times as wide and as high, with the part in the middle."""
    high, wide = part.shape[:2]
    return np.asarray(cv2.copyMakeBorder(part, high, high, wide, wide, cv2.BORDER_REFLECT))


def _shrink(picture: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _small(pixels: Pixels) -> NDArray[np.float32]:
    small = _shrink(pixels, _size(pixels)).astype(np.float32)
    return small / np.float32(np.iinfo(pixels.dtype).max)


def _rows_of(field: Field, rows: slice, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Rows of the field at the photo's size, interpolated."""
    height, width = shape[:2]
    part = range(*rows.indices(height))
    scale = np.array([[field.shape[1] / width, 0, 0], [0, len(field) / height, 0]])
    scale[:, 2] = scale[0, 0] / 2 - 0.5, scale[1, 1] * (part.start + 0.5) - 0.5
    warped = cv2.warpAffine(
        field,
        scale,
        (width, len(part)),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped)
