"""The person on a new background: a colour, a picture, or the photo's own background blurred."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from daemon import options as base
from daemon.outputs import backdrop, output
from daemon.photo import Cutout, Pixels
from daemon.pictures import cv2, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPAQUE = 65535
_STRIP_ROWS = 64
"""Rows blended at a time: what is worked on stays near the processor, however large the scan."""


class Options(base.Options):
    """What the person is put on, and how that is filed."""

    name: output.Name = "composition"
    """What {output} in the file name becomes."""
    format: output.Format = "png"
    """File format: png or tiff."""
    compression: output.Compression = 2
    """How hard the file is compressed, from 0 (not at all) to 9; always without loss. More than 2
    takes up to six times as long and saves a tenth."""
    background: Annotated[str, AfterValidator(backdrop.known)] = "white"
    """A colour by its name (white, black, silver, ivory...) or as "#rrggbb"; blur for the photo's
    own background out of focus; or the absolute path of a picture."""
    fit: Literal["cover", "stretch"] = "cover"
    """How a picture fills the photo's size: cover keeps its proportions and crops it around the
    centre, stretch distorts it."""
    blur: float = Field(default=0.02, gt=0, le=0.25)
    """How far background: blur blurs; the Gaussian's sigma as a share of the photo's longer
    side."""


def extension(options: Options) -> str:
    """The file name's extension with its dot."""
    return output.extension(options.format)


def needs_foreground(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """Edges must not carry the old background along."""
    return True


def holds_photo(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """Its edges are mixed with the new background for ever."""
    return False


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File foreground * alpha + background * (1 - alpha), in the photo's depth and space.

    Raises:
        daemon.errors.ResultsTrouble: it cannot be written, or the background picture cannot be
            read.
    """
    behind = backdrop.make(cutout, options.background, fit=options.fit, blur=options.blur)
    blended = blend(output.colours(cutout), cutout.matte.alpha, behind)
    output.save(path, blended, cutout.raster, options.format, options.compression)


def blend(colours: Pixels, alpha: NDArray[np.uint16], behind: backdrop.Backdrop) -> Pixels:
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


def _blend(part: Pixels, alpha: NDArray[np.uint16], behind: NDArray[Any]) -> None:
    """Blend in place; soft pixels are few, so only they are worth arithmetic."""
    below = np.broadcast_to(behind, part.shape)
    soft = np.nonzero((alpha > 0) & (alpha < _OPAQUE))
    share, under = alpha[soft][:, None] * np.float32(1 / _OPAQUE), below[soft].astype(np.float32)
    mixed = np.rint(under + (part[soft] - under) * share)
    whole = below if below.dtype == part.dtype else np.rint(below).astype(part.dtype)
    cv2.copyTo(np.ascontiguousarray(whole), cv2.inRange(alpha, 0, 0), part)
    part[soft] = mixed
