"""Arrays into files, with their colour profile and resolution."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from daemon.errors import NotWritten, ResultsTrouble
from daemon.imaging import embed, vips
from daemon.raster import Dpi, Metadata

Samples = NDArray[np.uint8] | NDArray[np.uint16]
"""(height, width) grey, (height, width, 3) RGB or (height, width, 4) RGB and straight alpha."""

UNKNOWN_DPI: Dpi = (72.0, 72.0)
"""libvips always writes a resolution; this is what readers assume where there is none."""

NO_METADATA = Metadata()

_FORMATS = ("png", "tiff")
_MM_PER_INCH = 25.4


def write_png(
    path: Path,
    pixels: Samples,
    *,
    icc: bytes | None,
    dpi: Dpi | None,
    metadata: Metadata = NO_METADATA,
    level: int = 2,
    alpha: Samples | None = None,
) -> None:
    """Write a PNG.

    Args:
        path: is overwritten; not synced to the disk.
        pixels: alpha is straight, as PNG demands.
        icc: None embeds none.
        dpi: dots per inch; PNG keeps whole dots per metre.
        metadata: Exif and XMP are embedded; PNG has no place for IPTC.
        level: zlib's, 0 to 9.
        alpha: (height, width), in the depth of ``pixels``, where they have none: joined to them
            as they are written, without a copy of both.

    Raises:
        ResultsTrouble: it cannot be written; with the true errno.
        NotWritten: the encoder refuses it.
    """
    # 24 megapixels of photo with alpha took 0.7 s for 17.5 MB at 2, 1.7 s for 15.1 MB at 4 and
    # 2.6 s for 14.3 MB at 6; the filters sub and paeth came out slower and larger than up.
    chunks = embed.png_chunks(metadata)
    with opened(path) as file:
        around = embed.WithChunks(file, chunks) if chunks else file
        save(around, image_of(pixels, icc, dpi, alpha), "png", compression=level, filter="up")


def write_tiff(  # noqa: PLR0913 - what a file is told, each with a default
    path: Path,
    pixels: Samples,
    *,
    icc: bytes | None,
    dpi: Dpi | None,
    metadata: Metadata = NO_METADATA,
    compression: Literal["deflate", "lzw", "none"] = "deflate",
    level: int = 2,
    alpha: Samples | None = None,
    resources: bytes = b"",
) -> None:
    """Write a TIFF; alpha is marked as unassociated (straight).

    Args:
        path: is overwritten; not synced to the disk.
        pixels: see ``Samples``.
        icc: None embeds none.
        dpi: dots per inch.
        metadata: all of it is embedded.
        compression: lossless, with the horizontal predictor.
        level: deflate's, 0 to 9.
        alpha: see ``write_png``.
        resources: of Photoshop, for its tag.

    Raises:
        ResultsTrouble: it cannot be written; with the true errno.
        NotWritten: the encoder refuses it.
    """
    with opened(path) as file:
        save(
            file,
            image_of(pixels, icc, dpi, alpha),
            "tiff",
            compression=compression,
            predictor="horizontal",
            level=level,
            resunit="inch",
            bigtiff=pixels.nbytes + (0 if alpha is None else alpha.nbytes) > 0xF000_0000,
        )
        embed.add_to_tiff(file, metadata, resources)


@lru_cache(maxsize=16)
def is_written(icc: bytes) -> bool:
    """Whether a profile comes through all formats; lcms is less particular about it than libpng.

    libpng refuses to write some, and some that it writes it passes over when it reads them.
    """
    pixel = image_of(np.zeros((1, 1, 3), np.uint8), icc, None)
    try:
        return all(vips.fact(_through(pixel, each), vips.ICC, b"") == icc for each in _FORMATS)
    except (NotWritten, vips.Error):
        return False


def _through(image: vips.Image, name: str) -> vips.Image:
    file = io.BytesIO()
    save(file, image, name)
    return vips.load(name, vips.Source(io.BytesIO(file.getvalue())))


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to be written, whatever was there.

    Raises:
        ResultsTrouble: it cannot be written; with the true errno.
    """
    try:
        with path.open("w+b", buffering=0) as file:
            yield file
    except OSError as error:
        raise ResultsTrouble(f"{path}: {error.strerror}", error.errno or 0) from error


def image_of(
    pixels: Samples, icc: bytes | None, dpi: Dpi | None, alpha: Samples | None = None
) -> vips.Image:
    """What libvips is to write, with all that is told of it but metadata."""
    across, down = dpi or UNKNOWN_DPI
    image = vips.image(pixels, icc=icc)
    if alpha is not None:
        image = image.bandjoin(vips.image(alpha))
    return image.copy(xres=across / _MM_PER_INCH, yres=down / _MM_PER_INCH)


def save(file: BinaryIO, image: vips.Image, name: str, **options: Any) -> None:
    """Have libvips write it, with its colour profile and without other metadata.

    Raises:
        OSError: it cannot be written.
        NotWritten: the encoder refuses it.
    """
    target = vips.Target(file)
    try:
        # All metadata but the profile is ours to embed.
        getattr(image, f"{name}save_target")(target.handle, **{"keep": "icc", **options})
    except vips.Error as error:
        target.raise_trouble()
        raise NotWritten(f"cannot be written as {name.upper()}: {vips.one_line(error)}") from error
    target.raise_trouble()
