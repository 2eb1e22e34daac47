"""The matte alone, as a grey picture: white is person, black is background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from daemon import options as base
from daemon.outputs import output
from daemon.pictures import colour, np

if TYPE_CHECKING:
    from daemon.raster import Cutout


class Options(base.Options):
    """How the matte is filed."""

    name: output.Name = "matte"
    """What {output} in the file name becomes."""
    format: output.Format = "png"
    """File format: png or tiff."""
    compression: output.Compression = 2
    """How hard the file is compressed, from 0 (not at all) to 9; always without loss. More than 2
    takes up to six times as long and saves a tenth."""
    bits: Literal[8, 16] = 8
    """Bits per pixel. 8 is what most programs expect of a mask; 16 keeps the finest hair apart."""


def extension(options: Options) -> str:
    """The file name's extension with its dot."""
    return output.EXTENSIONS[options.format]


def needs_foreground(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """A matte has no colours."""
    return False


def holds_photo(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """A matte has no colours."""
    return False


def planes(options: Options) -> int:
    """Alpha alone; of 16 bits it takes twice what a plane of the photo may have."""
    return options.bits // 8


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File alpha, rounded to the bits asked for."""
    alpha = cutout.matte.alpha
    pixels = colour.to_8_bit(alpha) if options.bits == 8 else np.ascontiguousarray(alpha)
    how = output.Encoding(options.format, options.compression)
    output.save(path, pixels, cutout.raster, how)
