"""The photo itself, untouched, with the matte as a saved channel: a TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from daemon import options as base
from daemon.outputs import output
from daemon.pictures import colour, encode, np, resources

if TYPE_CHECKING:
    from daemon.imaging.encode import Samples
    from daemon.raster import Cutout


class Options(base.Options):
    """How the photo and its channel are filed."""

    name: output.Name = "channel"
    """What {output} in the file name becomes."""
    channel: Annotated[str, Field(min_length=1, max_length=200)] = "Person"
    """What Photoshop calls the channel in its Channels panel."""
    compression: output.Compression = 2
    """How hard the file is compressed, from 0 (not at all) to 9; always without loss. More than 2
    takes up to six times as long and saves a tenth."""


def extension(options: Options) -> str:  # noqa: ARG001 - the contract's signature
    """The file name's extension with its dot."""
    return ".tif"


def needs_foreground(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """The colours are the photo's own."""
    return False


def holds_photo(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """All of it, background included."""
    return True


def planes(options: Options) -> int:  # noqa: ARG001 - the contract's signature
    """Three of colours, and the channel."""
    return 4


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File the photo's pixels with alpha as an unassociated further sample that has a name."""
    raster = cutout.raster
    alpha: Samples = cutout.matte.alpha
    if raster.pixels.dtype == np.uint8:
        alpha = colour.to_8_bit(alpha)
    encode.write_tiff(
        path,
        raster.pixels,
        icc=raster.icc,
        dpi=raster.dpi,
        metadata=raster.metadata,
        level=options.compression,
        alpha=alpha,
        resources=resources.packed(resources.channel_names([options.channel])),
    )
