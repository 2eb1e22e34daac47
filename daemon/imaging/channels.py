"""Grey, CMYK, Lab, alpha and further channels into RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from daemon.errors import NotAPhoto
from daemon.imaging import colour, vips
from daemon.imaging.declared import SRGB, Declared
from daemon.imaging.encode import is_written
from daemon.imaging.icc import trimmed

_ALPHA_SAMPLES = {1, 2}
"""TIFF's ExtraSamples: 1 and 2 are alpha, 0 is anything else, e.g. a scanner's infrared."""

_DEPTHS: dict[str, np.dtype[Any]] = {"uchar": np.dtype(np.uint8), "ushort": np.dtype(np.uint16)}
_SPACES = {
    "srgb": b"RGB ",
    "rgb": b"RGB ",
    "rgb16": b"RGB ",
    "b-w": b"GRAY",
    "grey16": b"GRAY",
    "cmyk": b"CMYK",
}
_UNWRITABLE = "colour profile of a kind that cannot be written; converted to sRGB"
_COLOURS = {b"RGB ": 3, b"GRAY": 1, b"CMYK": 4}


@dataclass(frozen=True, slots=True)
class Converted:
    """An image of three channels, its profile, and what the user should know of how it came."""

    image: vips.Image
    icc: bytes
    warnings: tuple[str, ...] = ()
    remade: bool = False
    """Whether its pixels are others than the file's, which cannot be made of them again."""


def in_rgb(
    image: vips.Image, *, extra_samples: int | None = None, declared: Declared = SRGB
) -> Converted:
    """Make three channels of any image that we take.

    Args:
        image: as libvips loaded it.
        extra_samples: TIFF's word on what the first channel after the colours is.
        declared: what the file says of its colours by other means than an ICC profile.

    Raises:
        NotAPhoto: its samples or channels are of a kind that we do not take.
    """
    remade = image.interpretation in {"lab", "labs", "cmyk"}
    if image.interpretation in {"lab", "labs"}:
        image = image.colourspace("rgb16" if image.interpretation == "labs" else "srgb")
    if image.format not in _DEPTHS:
        raise NotAPhoto(f"samples of type {image.format} are not taken; save it with 8 or 16 bits")
    space = _SPACES.get(image.interpretation, b"")
    if not space or image.bands < _COLOURS[space]:
        raise NotAPhoto(f"{image.bands} channels ({image.interpretation}) are not taken")
    remade |= image.bands > _COLOURS[space]
    image, warnings = _opaque(image, _COLOURS[space], extra_samples)
    converted = _CONVERT[space](_described(image, declared))
    told = (*warnings, *declared.warnings, *converted.warnings)
    return Converted(converted.image, converted.icc, told, remade or converted.remade)


def _described(image: vips.Image, declared: Declared) -> vips.Image:
    """The image with the profile that its colours are to be read by, and without faults in it."""
    icc = vips.fact(image, vips.ICC, b"")
    if declared.overrides_icc or (declared.profile and not _is_of_use(icc, image)):
        icc = declared.profile
        return vips.tagged(image, icc or colour.SRGB)
    return vips.tagged(image, trimmed(icc)) if icc else image


def _is_of_use(icc: bytes, image: vips.Image) -> bool:
    space = _SPACES[image.interpretation]
    return colour.claims(icc, space) if space != b"RGB " else colour.is_usable(trimmed(icc))


def _opaque(
    image: vips.Image, colours: int, extra_samples: int | None
) -> tuple[vips.Image, tuple[str, ...]]:
    """Put alpha over white; leave other further channels out."""
    if image.bands == colours:
        return image, ()
    if extra_samples is None or extra_samples in _ALPHA_SAMPLES:
        kept = image.extract_band(0, n=colours + 1)
        paper = 0 if colours == 4 else 255 if image.format == "uchar" else 65535
        return kept.flatten(background=[paper] * colours), ()
    # Taken for alpha, an infrared scan or a saved selection would eat holes into the photo.
    told = f"{image.bands - colours} further channel(s), infrared or a selection, left out"
    return image.extract_band(0, n=colours), (told,)


def _from_rgb(image: vips.Image) -> Converted:
    icc = vips.fact(image, vips.ICC, b"")
    if not icc:
        return Converted(image, colour.SRGB)
    if colour.is_usable(icc):
        if is_written(icc):
            return Converted(image, icc)
        in_srgb = colour.imported(image, fallback="srgb", dtype=_DEPTHS[image.format])
        return Converted(in_srgb, colour.SRGB, (_UNWRITABLE,))
    if colour.converts(icc, b"RGB ") and not colour.is_srgb(icc):
        # A scanner's own profile may only lead out of its space, so nothing can be made in it.
        in_srgb = colour.imported(image, fallback="srgb", dtype=_DEPTHS[image.format])
        return Converted(in_srgb, colour.SRGB, ("one-way colour profile; converted to sRGB",))
    return Converted(image, colour.SRGB, ("colour profile broken or not RGB; taken for sRGB",))


def _from_grey(image: vips.Image) -> Converted:
    if colour.converts(vips.fact(image, vips.ICC, b""), b"GRAY"):
        in_srgb = colour.imported(image, fallback="srgb", dtype=_DEPTHS[image.format])
        return Converted(in_srgb, colour.SRGB, remade=True)
    # With an RGB profile, as many programs write it, grey means equal red, green and blue.
    deep = image.format == "ushort"
    tripled = image.bandjoin([image, image])
    return _from_rgb(tripled.copy(interpretation="rgb16" if deep else "srgb"))


def _from_cmyk(image: vips.Image) -> Converted:
    working = colour.converts(vips.fact(image, vips.ICC, b""), b"CMYK")
    if not working:
        image = vips.tagged(image, vips.built_in_profile("cmyk"))
    in_srgb = colour.imported(image, fallback="cmyk", dtype=_DEPTHS[image.format])
    told = () if working else ("no working CMYK profile; a general one was assumed",)
    return Converted(in_srgb, colour.SRGB, told)


_CONVERT = {b"RGB ": _from_rgb, b"GRAY": _from_grey, b"CMYK": _from_cmyk}
