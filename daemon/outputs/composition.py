"""The person on a new background: a colour, a picture, or the photo's own background blurred."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from daemon import options as base
from daemon.outputs import backdrop, blending, framing, harmony, output, placing

if TYPE_CHECKING:
    from daemon.raster import Cutout

Share = Annotated[float, Field(ge=0, le=1)]
Position = Annotated[float, Field(ge=-1, le=2)]


class Options(base.Options):
    """What the person is put on, and how that is filed."""

    name: output.Name = "composition"
    """What {output} in the file name becomes."""
    format: output.AnyFormat = "png"
    """File format: png or tiff; jpeg, webp or avif, with some loss and 8 bits (avif: 10)."""
    compression: output.Compression = 2
    """How hard a png or tiff is compressed, from 0 (not at all) to 9; always without loss. More
    than 2 takes up to six times as long and saves a tenth."""
    quality: output.Quality = 90
    """How good a jpeg, webp or avif is, from 1 to 100."""
    chroma: output.Chroma = "4:4:4"
    """Whether a jpeg or avif keeps all samples of colour, or a quarter of them (4:2:0); webp always
    does the latter."""
    blend: Literal["alpha", "seamless"] = "alpha"
    """alpha puts the person on the background as it is; seamless matches its light and colours to
    the background, as far as match and seam say."""
    match: Share = 0.3
    """With blend: seamless, how far mean and spread of the person's light and colours go towards
    the background's (Reinhard's colour transfer); from 0 to 1."""
    seam: Share = 0.2
    """With blend: seamless, how much of the difference of old and new background comes over the
    person (Poisson editing, OpenCV's seamlessClone); from 0 to 1."""
    place: tuple[Position, Position] | None = None
    """Where the middle of the person goes: [x, y] as shares of width and height, e.g. [0.3, 0.6].
    Without it the person stays in place."""
    scale: float = Field(default=1, gt=0, le=10)
    """How large the person becomes; 1 is as in the photo."""
    trim: output.Trim | None = None
    """Crop to the people in it, and leave this much around them, as a share of the longer side of
    the box that they fill: 0 is tight. Without it nothing is cropped."""
    size: output.Size | None = None
    """The most pixels that a side may have, or [width, height]; made smaller to fit, never
    larger."""
    background: Annotated[str, AfterValidator(backdrop.known)] = "white"
    """A colour by its name (white, black, silver, ivory...) or as "#rrggbb"; blur for the photo's
    own background out of focus; or the absolute path of a picture."""
    fit: backdrop.Fit = "cover"
    """How a picture fills the photo's size: cover keeps its proportions and crops it around the
    centre, stretch distorts it."""
    blur: float = Field(default=0.02, gt=0, le=0.25)
    """How far background: blur blurs; the Gaussian's sigma as a share of the photo's longer
    side."""


def extension(options: Options) -> str:
    """The file name's extension with its dot."""
    return output.EXTENSIONS[options.format]


def needs_foreground(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """Edges must not carry the old background along."""
    return True


def holds_photo(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """Its edges are mixed with the new background for ever."""
    return False


def planes(options: Options) -> int:  # noqa: ARG001 - the contract's signature
    """Three of colours."""
    return 3


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File foreground * alpha + background * (1 - alpha), in the photo's depth and space.

    Raises:
        daemon.errors.ResultsTrouble: it cannot be written, or the background picture cannot be
            read.
    """
    cutout = framing.framed(cutout, options.trim, options.size)
    behind = backdrop.make(cutout, options.background, fit=options.fit, blur=options.blur)
    cutout = placing.placed(cutout, options.place, options.scale)
    colours = output.colours(cutout)
    if options.blend == "seamless":
        whole = blending.filled(behind, colours)
        strength = {"match": options.match, "seam": options.seam}
        colours = harmony.matched(cutout, colours, whole, **strength)
    blended = blending.blend(colours, cutout.matte.alpha, behind)
    how = output.Encoding(options.format, options.compression, options.quality, options.chroma)
    output.save(path, blended, cutout.raster, how)
