"""Backgrounds for compositions: colours, pictures, and the photo's own background blurred."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from daemon.errors import PhotoError, ResultsTrouble
from daemon.outputs.output import colours
from daemon.pictures import colour, cv2, decode, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.raster import Cutout, Pixels, Raster

Backdrop: TypeAlias = "Callable[[slice], NDArray[Any]]"
"""Gives those rows, (rows, width or 1, 3), in the photo's depth and colour space."""

Colour = tuple[int, int, int]
Fit = Literal["cover", "stretch"]

BLUR = "blur"

COLOURS: dict[str, Colour] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "silver": (192, 192, 192),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "dimgray": (105, 105, 105),
    "darkgray": (169, 169, 169),
    "lightgray": (211, 211, 211),
    "whitesmoke": (245, 245, 245),
    "ivory": (255, 255, 240),
    "beige": (245, 245, 220),
    "linen": (250, 240, 230),
    "tan": (210, 180, 140),
    "brown": (165, 42, 42),
    "maroon": (128, 0, 0),
    "red": (255, 0, 0),
    "orange": (255, 165, 0),
    "gold": (255, 215, 0),
    "yellow": (255, 255, 0),
    "olive": (128, 128, 0),
    "lime": (0, 255, 0),
    "green": (0, 128, 0),
    "teal": (0, 128, 128),
    "cyan": (0, 255, 255),
    "aqua": (0, 255, 255),
    "skyblue": (135, 206, 235),
    "blue": (0, 0, 255),
    "navy": (0, 0, 128),
    "slategray": (112, 128, 144),
    "purple": (128, 0, 128),
    "magenta": (255, 0, 255),
    "fuchsia": (255, 0, 255),
    "pink": (255, 192, 203),
}
"""CSS names and values: its basic sixteen, and tones that studios paint their walls in."""

_MAX_PICTURE_PIXELS = 250_000_000
_BLUR_LONG_SIDE = 1024
"""A blur is computed at about this size: nothing finer survives it."""


def known(background: str) -> str:
    """The background if it can be made, as the settings' validator wants it.

    Raises:
        ValueError: it is no colour, no picture and not "blur"; the message says what is meant.
    """
    if background.startswith("/"):
        if "\0" in background or not os.path.isfile(background):
            raise ValueError(f"there is no picture {background}")
    elif background != BLUR and parse(background) is None:
        near = difflib.get_close_matches(background.lower(), [*COLOURS, BLUR], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(
            f"{background!r} is neither a colour's name, #rrggbb, blur nor an absolute path{hint}"
        )
    return background


def parse(text: str) -> Colour | None:
    """The sRGB colour that a name or #rrggbb (or #rgb) means; None where it means none."""
    if re.fullmatch("#[0-9a-fA-F]{3}", text):
        text = "#" + "".join(digit * 2 for digit in text[1:])
    if re.fullmatch("#[0-9a-fA-F]{6}", text):
        red, green, blue = bytes.fromhex(text[1:])
        return red, green, blue
    return COLOURS.get(text.lower())


def make(cutout: Cutout, background: str, *, fit: Fit, blur: float) -> Backdrop:
    """Make the backdrop that the settings name.

    Args:
        cutout: its raster gives size, depth and colour space.
        background: a colour, "blur" or the absolute path of a picture.
        fit: how a picture fills the photo's size.
        blur: sigma as a share of the photo's longer side.

    Raises:
        daemon.errors.ResultsTrouble: the picture cannot be read.
    """
    if background == BLUR:
        return blurred(cutout, blur)
    if named := parse(background):
        return plain(named, cutout.raster)
    return picture(Path(background), cutout.raster, fit)


def plain(named: Colour, raster: Raster) -> Backdrop:
    """One sRGB colour everywhere."""
    swatch = colour.from_srgb(named, raster.icc, raster.pixels.dtype)
    row = np.array([[swatch]], dtype=raster.pixels.dtype)
    return lambda _rows: row


def picture(path: Path, raster: Raster, fit: Fit) -> Backdrop:
    """A picture from a file in the photo's size."""
    try:
        shown = decode.decode(path, max_pixels=_MAX_PICTURE_PIXELS)
    except PhotoError as error:
        raise ResultsTrouble(f"background {path}: {error.reason}", 0) from error
    pixels = _cropped(shown.pixels, raster.size) if fit == "cover" else shown.pixels
    scaled = _resized(pixels, raster.size)
    whole = colour.convert(scaled, shown.icc, raster.icc, raster.pixels.dtype)
    return lambda rows: whole[rows]


def blurred(cutout: Cutout, share: float) -> Backdrop:
    """The photo's own background out of focus, without the person.

    A plain blur lets the person bleed into the background as a halo. Here every pixel counts as
    much as it is background (normalized convolution, Knutsson and Westin 1993), so the person's
    place is filled from around it.
    """
    weight, light = _background(cutout)
    sigma = share * max(weight.shape)
    weight, light = (cv2.GaussianBlur(part, (0, 0), sigma) for part in (weight, light))
    # Far inside the person there is nothing near to fill in from: the mean background does.
    mean, trace = light.mean(axis=(0, 1)) / max(weight.mean(), 1e-6), np.float32(1e-4)
    small = (light + trace * mean) / (weight + trace)[:, :, None]
    return _stretched(small.astype(np.float32), cutout.raster)


def _background(cutout: Cutout) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How much background there is around each point, and its light, at a reduced size.

    Returns:
        (height, width) weights from 0 to 1, and (height, width, 3) colours times weight.
    """
    pixels, alpha, foreground = cutout.raster.pixels, cutout.matte.alpha, colours(cutout)
    factor = max(1, max(alpha.shape) // _BLUR_LONG_SIDE)
    weights, lights = [], []
    for top in range(0, len(alpha), 16 * factor):
        rows = slice(top, top + 16 * factor)
        share = alpha[rows] * np.float32(1 / 65535)
        # What the person does not account for; pixels * (1 - share) would keep some of their hair.
        light = np.maximum(pixels[rows] - foreground[rows] * share[:, :, None], 0)
        size = (max(1, share.shape[1] // factor), max(1, len(share) // factor))
        weights.append(cv2.resize(1 - share, size, interpolation=cv2.INTER_AREA))
        lights.append(cv2.resize(light, size, interpolation=cv2.INTER_AREA))
    return np.concatenate(weights), np.concatenate(lights)


def _stretched(small: NDArray[np.float32], raster: Raster) -> Backdrop:
    """The small picture at the raster's size, interpolated as rows are asked for."""
    width, height = raster.size
    at = np.clip((np.arange(height) + 0.5) * len(small) / height - 0.5, 0, len(small) - 1)
    above = at.astype(np.intp)
    below = np.minimum(above + 1, len(small) - 1)
    share = (at - above).astype(np.float32)[:, None, None]

    def rows(wanted: slice) -> NDArray[np.float32]:
        upper, lower, part = small[above[wanted]], small[below[wanted]], share[wanted]
        narrow = upper + (lower - upper) * part
        return cv2.resize(narrow, (width, len(narrow)), interpolation=cv2.INTER_LINEAR)  # type: ignore[no-any-return] # no stubs

    return rows


def _cropped(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The middle of a picture, in the proportions of ``size``."""
    height, width = pixels.shape[:2]
    scale = min(width / size[0], height / size[1])
    crop_width, crop_height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return pixels[top : top + crop_height, left : left + crop_width]


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    shrinks = pixels.shape[1] > size[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(pixels, size, interpolation=method)  # type: ignore[no-any-return] # no stubs
