"""The person cut out: the photo's colours with the matte as straight alpha."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon import options as base
from daemon.outputs import output
from daemon.photo import Cutout
from daemon.pictures import colour, np

if TYPE_CHECKING:
    from daemon.imaging.encode import Samples


class Options(base.Options):
    """How the cut-out is filed."""

    name: output.Name = "foreground"
    """What {output} in the file name becomes."""
    format: output.Format = "png"
    """File format: png or tiff."""
    compression: output.Compression = 2
    """How hard the file is compressed, from 0 (not at all) to 9; always without loss. More than 2
    takes up to six times as long and saves a tenth."""


def extension(options: Options) -> str:
    """The file name's extension with its dot."""
    return output.extension(options.format)


def needs_foreground(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """Edges must not carry the old background along."""
    return True


def holds_photo(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """The colours are decontaminated at soft edges alone; where the matte is opaque they stay."""
    return True


def planes(options: Options) -> int:  # noqa: ARG001 - the contract's signature
    """Three of colours, and alpha."""
    return 4


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File the decontaminated colours with alpha, in the photo's depth and colour space."""
    colours = output.colours(cutout)
    alpha: Samples = cutout.matte.alpha
    if colours.dtype == np.uint8:
        alpha = colour.to_8_bit(alpha)
    output.save(path, colours, cutout.raster, options.format, options.compression, alpha)
