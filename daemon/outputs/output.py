"""What every output kind offers, and the settings that all kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import Field

from daemon import options
from daemon.pictures import encode, lossy

if TYPE_CHECKING:
    from daemon.imaging.encode import Samples
    from daemon.raster import Cutout, Pixels, Raster

Name = Annotated[str, Field(pattern=r"^[\w+-][\w+. -]*$", max_length=64)]
"""Safe inside a file name: letters, digits, and + - _ . and blanks within."""

Format = Literal["png", "tiff"]
WebFormat = Literal["png", "tiff", "webp", "avif"]
"""Those that hold alpha."""
AnyFormat = Literal["png", "tiff", "jpeg", "webp", "avif"]

Compression = Annotated[int, Field(ge=0, le=9)]
"""Deflate's level."""
Quality = Annotated[int, Field(ge=1, le=100)]
Chroma = Literal["4:4:4", "4:2:0"]

Trim = Annotated[float, Field(ge=0, le=10)]
Side = Annotated[int, Field(ge=1, le=300_000)]
Size = Side | tuple[Side, Side]


class Output(Protocol):
    """A module that files one kind of result."""

    @property
    def Options(self) -> type[options.Options]:  # noqa: N802 - a class in each module
        """The kind's settings; a subclass of ``OutputOptions``, and the defaults are valid."""

    def extension(self, options: Any) -> str:
        """The file name's extension with its dot, e.g. ".png"."""

    def needs_foreground(self, options: Any) -> bool:
        """Whether ``write`` needs ``cutout.foreground``; computing it takes seconds."""

    def holds_photo(self, options: Any) -> bool:
        """Whether its file has the photo's own pixels, at full depth, where the matte is opaque.

        An original may be deleted only if one of its outputs does.
        """

    def planes(self, options: Any) -> int:
        """About how many planes of the photo's size and depth its file takes at most."""

    def write(self, cutout: Cutout, options: Any, path: Path) -> None:
        """Write exactly one file, at ``path``, in the photo's own size unless an option says else.

        Raises:
            daemon.errors.ResultsTrouble: it cannot be written.
        """


@runtime_checkable
class Varying(Protocol):
    """An output whose file is of another kind for some photos, and has another extension then."""

    def variants(self, options: Any) -> tuple[str, ...]:
        """Extensions that it may have beside the usual one."""

    def extension_of(self, cutout: Cutout, options: Any) -> str:
        """The extension that this photo's file has."""


def variants(kind: Output, options: Any) -> tuple[str, ...]:
    """Extensions that a file of this kind may have beside the usual one; mostly none."""
    return kind.variants(options) if isinstance(kind, Varying) else ()


def extension_of(kind: Output, cutout: Cutout, options: Any) -> str:
    """The extension of this photo's file."""
    if isinstance(kind, Varying):
        return kind.extension_of(cutout, options)
    return kind.extension(options)


EXTENSIONS: Mapping[str, str] = {
    "png": ".png",
    "tiff": ".tif",
    "jpeg": ".jpg",
    "webp": ".webp",
    "avif": ".avif",
}
LOSSLESS = ("png", "tiff")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How pixels become a file."""

    format: AnyFormat
    compression: int = 2
    quality: int = 90
    chroma: Chroma = "4:4:4"


def save(
    path: Path, pixels: Samples, raster: Raster, how: Encoding, alpha: Samples | None = None
) -> None:
    """Write pixels with the photo's metadata, resolution and, unless grey, its colour profile.

    A matte carries no profile: it is coverage and not colour, a photo's RGB profile is not allowed
    in a grey file, and a grey one would let editors convert its values when it is used as a mask.
    """
    icc = None if pixels.ndim == 2 else raster.icc
    write: Any
    if how.format == "png":
        write = partial(encode.write_png, level=how.compression)
    elif how.format == "tiff":
        write = partial(encode.write_tiff, level=how.compression)
    else:
        quality = lossy.Quality(how.quality, how.chroma)
        write = partial(lossy.write, kind=how.format, quality=quality)
    write(path, pixels, icc=icc, dpi=raster.dpi, metadata=raster.metadata, alpha=alpha)


def colours(cutout: Cutout) -> Pixels:
    """The decontaminated colours, which the pipeline computes for kinds that need them."""
    assert cutout.foreground is not None, "this kind of output needs the foreground's colours"
    return cutout.foreground
