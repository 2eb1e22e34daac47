"""HEIC and HEIF, as phones write them: HEVC's pictures, 8 to 12 bit, by libheif."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from daemon.errors import NotAPhoto, NotReady
from daemon.imaging import bmff, exif, hollow, vips
from daemon.imaging.codecs.codec import Decoded, Header, library, told_by
from daemon.imaging.declared import SRGB, Declared, by_code_points
from daemon.imaging.guard import harmless
from daemon.imaging.opening import Opened


def header(opened: Opened) -> Header:
    """Read the boxes; libheif turns and mirrors by itself, so the size is the upright one."""
    bmff.demand_whole(opened.read, opened.size_bytes)
    hollow.demand_filled(opened.read, opened.size_bytes)  # it decodes zeros, to anything at all
    pi_heif: Any = library("pi_heif", "pi-heif", "HEIC")
    data = opened.read(0, opened.size_bytes)
    with _told():
        file = pi_heif.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=True)
        return Header(tuple(file.size), partial(_decode, file, opened))


def _decode(file: Any, opened: Opened) -> Decoded:
    picture = file[file.primary_index]
    with _told():
        pixels = np.asarray(picture)
    if picture.mode.startswith("RGBa"):
        raise NotAPhoto("HEIC with premultiplied alpha is not taken")
    image = vips.image(pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels)
    blobs = {
        vips.ICC: picture.info.get("icc_profile") or b"",
        vips.XMP: picture.info.get("xmp") or b"",
    }
    return Decoded(
        vips.carrying(image, blobs),
        exif.of_block(picture.info.get("exif") or b""),
        harmless(lambda: _declared(opened), SRGB),
        warnings=_several(file),
    )


def _several(file: Any) -> tuple[str, ...]:
    count = len(file)
    return (f"picture {file.primary_index + 1} of {count} read",) if count > 1 else ()


def _declared(opened: Opened) -> Declared:
    told = bmff.code_points(opened.read, opened.size_bytes)
    return SRGB if told is None else by_code_points(*told)


@contextmanager
def _told() -> Iterator[None]:
    """Its errors as ours; it tells them apart by Python's classes."""
    try:
        yield
    except SyntaxError as error:
        raise NotAPhoto(f"HEIC of a kind that is not taken: {told_by(error)}") from error
    except OSError as error:  # which is its word for memory, and no trouble with the file
        raise MemoryError(f"HEIC: {told_by(error)}") from error
    except (ValueError, EOFError, RuntimeError) as error:
        raise NotReady(f"HEIC ends early or is damaged: {told_by(error)}") from error
