"""From a picture to what a network wants to be fed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.networks.recipe import Recipe
from matting.refiners import BACKGROUND, FOREGROUND, UNKNOWN

LONGEST = 8
"""How many times its width a fed picture may be high, or the other way round. A scanned edge, one
pixel high, would be enlarged to gigabytes with its short side at 512."""


def size(height: int, width: int, recipe: Recipe) -> tuple[int, int]:
    """The height and width that a picture is fed at."""
    if recipe.size is not None:
        return recipe.size[1], recipe.size[0]
    scale = 1.0
    if recipe.short_side is not None:
        scale = recipe.short_side / min(height, width)
    limit = np.inf if recipe.short_side is None else LONGEST * recipe.short_side
    sides = (min(side * scale, limit) / recipe.multiple_of for side in (height, width))
    high, wide = (max(1, round(side)) * recipe.multiple_of for side in sides)
    return high, wide


def feed(pixels: NDArray[np.uint8], recipe: Recipe, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The network's input.

    Args:
        pixels: (height, width, 3) uint8 RGB; for a refiner (height, width, 5), with the trimap and
            the coarse alpha.
        recipe: what the network wants.
        dtype: its input's type.

    Returns:
        Array with the axes of ``recipe.layout``, one picture.
    """
    height, width, _ = pixels.shape
    beside = pixels[:, :, 3:]
    picture: NDArray[Any] = resized(pixels[:, :, :3], *size(height, width, recipe))
    if recipe.channels == "bgr":
        picture = picture[:, :, ::-1]
    if dtype != np.uint8:
        picture = scaled(picture, recipe)
    if recipe.refines:
        picture = np.dstack((picture, *told(beside, recipe)))
    if recipe.layout == "nchw":
        picture = picture.transpose(2, 0, 1)
    if recipe.layout != "hwc":
        picture = picture[np.newaxis]
    return np.ascontiguousarray(picture, dtype)


def scaled(picture: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.float32]:
    """A picture's values in the recipe's range, less mean, by std."""
    values = picture.astype(np.float32)
    if recipe.range == "0..1":
        values /= 255
    elif recipe.range == "0..max":
        values /= max(1, int(picture.max()))
    values -= np.array(recipe.mean, np.float32)
    values /= np.array(recipe.std, np.float32)
    return values


def told(beside: NDArray[np.uint8], recipe: Recipe) -> Iterator[NDArray[np.float32]]:
    """The planes that a refiner is fed beside the colours, 0..1.

    Args:
        beside: (height, width, 2), the trimap and the coarse alpha.
        recipe: which of them it wants, and how.
    """
    trimap = beside[:, :, 0]
    if recipe.trimap == "plane":
        yield np.where(trimap == UNKNOWN, np.float32(0.5), trimap * np.float32(1 / 255))
    if recipe.trimap == "one_hot":
        for value in (BACKGROUND, UNKNOWN, FOREGROUND):
            yield (trimap == value).astype(np.float32)
    if recipe.coarse:
        yield beside[:, :, 1] * np.float32(1 / 255)


def padded(pixels: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.uint8]:
    """A refiner's tile at a size that its network takes; what is added mirrors the edge.

    Never resized: it is the photo's own pixels that a refiner is asked about.

    Raises:
        ValueError: it is larger than the network's fixed size.
    """
    height, width = pixels.shape[:2]
    if recipe.size is not None:
        high, wide = recipe.size[1], recipe.size[0]
    else:
        high, wide = (
            -(-side // recipe.multiple_of) * recipe.multiple_of for side in (height, width)
        )
    if height > high or width > wide:
        raise ValueError(f"a tile of {width}x{height} does not fit the network's {wide}x{high}")
    return np.pad(pixels, ((0, high - height), (0, wide - width), (0, 0)), mode="symmetric")


def resized(picture: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """A picture at another size, (height, width, ...); each side by itself shrunk or enlarged.

    Shrunk by averaging areas: a scan is 4 to 20 times as large as what networks are fed, and
    whatever looks at four pixels around a point (bilinear, bicubic) makes patterns of its grain
    and its dots. Enlarged bilinearly: it neither overshoots at an edge nor leaves the range.
    """
    smaller = min(height, picture.shape[0]), min(width, picture.shape[1])
    for rows, columns, method in (
        (*smaller, cv2.INTER_AREA),
        (height, width, cv2.INTER_LINEAR),
    ):
        if picture.shape[:2] != (rows, columns):
            picture = cv2.resize(picture, (columns, rows), interpolation=method)
    return picture
