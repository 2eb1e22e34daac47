"""Colour spaces that a file declares by other means than an ICC profile, as profiles.

Sources: Exif 2.32 and DCF 2.0 (optional colour space), PNG third edition (cICP, sRGB, gAMA, cHRM),
ITU-T H.273 (code points of cICP), Windows' BITMAPV4HEADER and BITMAPV5HEADER.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from daemon.imaging import icc
from daemon.imaging.exif import Exif

COLOUR_CHUNKS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")

_COLOR_SPACE, _INTEROPERABILITY_INDEX = 40961, 1
_ADOBE_RGB, _UNCALIBRATED = 2, 65535

_PRIMARIES: dict[int, icc.Chromaticities] = {
    1: icc.BT709,
    5: (*icc.D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*icc.D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: (*icc.D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*icc.D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_TRANSFERS: dict[int, icc.Curve] = {
    **dict.fromkeys((1, 6, 14, 15), icc.TELEVISION_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    13: icc.SRGB_CURVE,
}
_TELEVISION = {1, 6, 14, 15}
_HDR = {16: "PQ", 18: "HLG"}

_USUAL_GAMMA = 2.2
_NEAR, _NEAR_CHROMATICITY = 0.02, 0.002


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of its colours."""

    profile: bytes = b""
    """Empty where it says nothing, or sRGB."""
    overrides_icc: bool = False
    warnings: tuple[str, ...] = ()


SRGB = Declared()


def by_exif(exif: Exif) -> Declared:
    """What a camera says: sRGB, or Adobe RGB as DCF's optional space."""
    space = exif.photo.number(_COLOR_SPACE)
    optional = exif.interoperability.text(_INTEROPERABILITY_INDEX) == "R03"
    if space == _ADOBE_RGB or (optional and space in {None, _UNCALIBRATED}):
        return Declared(_adobe_rgb())
    return SRGB


def _adobe_rgb() -> bytes:
    return icc.made("compatible with Adobe RGB (1998)", icc.ADOBE_RGB, icc.ADOBE_RGB_CURVE)


def by_png(chunks: dict[bytes, bytes]) -> Declared:
    """What the chunks before the pixels say, in the order of precedence of PNG.

    Args:
        chunks: bodies of those of ``COLOUR_CHUNKS`` that there are.

    Raises:
        ValueError, struct.error: nonsense.
    """
    if b"cICP" in chunks:
        return _by_code_points(*struct.unpack("4B", chunks[b"cICP"][:4]))
    if b"iCCP" in chunks or b"sRGB" in chunks or b"gAMA" not in chunks:
        return SRGB
    (exponent,) = struct.unpack(">I", chunks[b"gAMA"])
    gamma = 100_000 / exponent if exponent else _USUAL_GAMMA
    chromaticities = icc.BT709
    if b"cHRM" in chunks:
        told = struct.unpack(">8I", chunks[b"cHRM"])
        chromaticities = tuple(value / 100_000 for value in told)
    return _of_gamma(chromaticities, gamma)


def _of_gamma(chromaticities: icc.Chromaticities, gamma: float) -> Declared:
    near = _is_near(chromaticities, icc.BT709)
    usual = abs(gamma / _USUAL_GAMMA - 1) < _NEAR
    if near and usual:
        return SRGB  # which is what programs mean that write 1/2.2
    if usual and _is_near(chromaticities, icc.ADOBE_RGB):
        return Declared(_adobe_rgb())
    if not 0.2 <= gamma <= 5:
        raise ValueError(f"a gamma of {gamma:.3g}")
    name = f"gamma {gamma:.4g}" if near else f"gamma {gamma:.4g}, primaries of its own"
    return Declared(icc.made(name, chromaticities, (gamma,)))


def _is_near(one: icc.Chromaticities, other: icc.Chromaticities) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < _NEAR_CHROMATICITY


def by_code_points(primaries: int, transfer: int) -> Declared:
    """What HEIC and AVIF say beside an ICC profile, of RGB that is decoded already.

    What they leave unsaid is sRGB.
    """
    if 2 in {primaries, transfer}:
        return SRGB
    # Phones write the curve of television (1 or 6) and mean sRGB's, as every viewer has it.
    usual = 13 if transfer in _TELEVISION else transfer
    return replace(_by_code_points(primaries, usual, 0, 1), overrides_icc=False)


def _by_code_points(primaries: int, transfer: int, matrix: int, full: int) -> Declared:
    if transfer in _HDR:
        told = f"high dynamic range ({_HDR[transfer]}) is not understood; taken as it is"
        return Declared(warnings=(f"{told}, it looks flat",))
    if matrix or not full or primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return Declared(warnings=("unknown colour space in cICP; not heeded",))
    if (primaries, transfer) == (1, 13):
        return Declared(overrides_icc=True)
    name = f"H.273 primaries {primaries}, transfer {transfer}"
    made = icc.made(name, _PRIMARIES[primaries], _TRANSFERS[transfer])
    return Declared(made, overrides_icc=True)


def by_bmp(kind: bytes, endpoints: tuple[int, ...], gammas: tuple[int, ...]) -> Declared:
    """What a BMP of version 4 or 5 says.

    Args:
        kind: bV4CSType as it stands in the file.
        endpoints: nine numbers, XYZ of red, green and blue, 2.30 fixed point.
        gammas: of red, green and blue, 16.16 fixed point.

    Raises:
        ValueError: nonsense.
    """
    if kind != b"\0\0\0\0" or not any(endpoints):
        return SRGB
    rgb = [[value / (1 << 30) for value in endpoints[at : at + 3]] for at in (0, 3, 6)]
    white = [sum(column) for column in zip(*rgb, strict=True)]
    points = [value / (sum(xyz) or 1) for xyz in (white, *rgb) for value in xyz[:2]]
    gamma = sum(gammas) / len(gammas) / 65536
    return _of_gamma(tuple(points), gamma)
