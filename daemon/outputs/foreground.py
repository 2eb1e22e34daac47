"""The person cut out: the photo's colours with the matte as straight alpha."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon import options as base
from daemon.outputs import framing, output
from daemon.pictures import colour, np

if TYPE_CHECKING:
    from daemon.imaging.encode import Samples
    from daemon.raster import Cutout


class Options(base.Options):
    """How the cut-out is filed."""

    name: output.Name = "foreground"
    """What {output} in the file name becomes."""
    format: output.WebFormat = "png"
    """File format: png or tiff; webp or avif, with some loss and 8 bits (avif: 10)."""
    compression: output.Compression = 2
    """How hard a png or tiff is compressed, from 0 (not at all) to 9; always without loss. More
    than 2 takes up to six times as long and saves a tenth."""
    quality: output.Quality = 90
    """How good a webp or avif is, from 1 to 100."""
    chroma: output.Chroma = "4:4:4"
    """Whether a avif keeps all samples of colour, or a quarter of them (4:2:0); webp always does
    the latter."""
    trim: output.Trim | None = None
    """Crop to the people in it, and leave this much around them, as a share of the longer side of
    the box that they fill: 0 is tight. Without it nothing is cropped."""
    size: output.Size | None = None
    """The most pixels that a side may have, or [width, height]; made smaller to fit, never
    larger."""


def extension(options: Options) -> str:
    """The file name's extension with its dot."""
    return output.EXTENSIONS[options.format]


def needs_foreground(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """Edges must not carry the old background along."""
    return True


def holds_photo(options: Options) -> bool:
    """The colours are decontaminated at soft edges alone; where the matte is opaque they stay."""
    return options.format in output.LOSSLESS and options.trim is None and options.size is None


def planes(options: Options) -> int:  # noqa: ARG001 - the contract's signature
    """Three of colours, and alpha."""
    return 4


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File the decontaminated colours with alpha, in the photo's depth and colour space."""
    cutout = framing.framed(cutout, options.trim, options.size)
    colours = output.colours(cutout)
    alpha: Samples = cutout.matte.alpha
    if colours.dtype == np.uint8:
        alpha = colour.to_8_bit(alpha)
    how = output.Encoding(options.format, options.compression, options.quality, options.chroma)
    output.save(path, colours, cutout.raster, how, alpha)
