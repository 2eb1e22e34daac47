"""ICC profiles of our own making, and others' with their small faults mended.

Source: ICC.1:2010 (profile version 4.3).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Curve = tuple[float, ...]
"""What a parametric curve is given by: gamma alone; or gamma, a, b, c and d, for (a x + b) ** gamma
from d on and c x below."""

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

D65 = (0.3127, 0.3290)
SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
TELEVISION_CURVE: Curve = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
BT709: Chromaticities = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_RGB: Chromaticities = (*D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_RGB_CURVE: Curve = (563 / 256,)

_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_HEADER_BYTES = 128


def trimmed(icc: bytes) -> bytes:
    """The profile without what stands behind its end, in a length that encoders take.

    libpng and libtiff refuse a profile that is longer than it says, and one of version 4 whose
    length is no multiple of 4; lcms takes both.
    """
    told = int.from_bytes(icc[:4], "big")
    if not _HEADER_BYTES < told <= len(icc):
        return icc
    icc = icc[:told]
    if told % 4 == 0:
        return icc
    whole = icc.ljust(told + -told % 4, b"\0")
    # The profile's checksum covers its length; all zeros mean that there is none.
    return struct.pack(">I", len(whole)) + whole[4:84] + bytes(16) + whole[100:]


@lru_cache(maxsize=16)
def made(name: str, chromaticities: Chromaticities, curve: Curve) -> bytes:
    """A display profile of three primaries and one curve.

    Args:
        name: plain ASCII, for people.
        chromaticities: of white and the primaries.
        curve: from the file's numbers, 0 to 1, to light.

    Raises:
        ValueError: no colours can be made of these primaries.
    """
    white, adapted = _adapted(chromaticities)
    curve_tag = _parametric(curve)
    tags = {
        **_common(name),
        b"chad": b"sf32\0\0\0\0" + _fixed(*white.ravel()),
        **{b"rgb"[n : n + 1] + b"XYZ": _xyz(adapted[:, n]) for n in range(3)},
        **{b"rgb"[n : n + 1] + b"TRC": curve_tag for n in range(3)},
    }
    return _built(b"RGB ", tags)


@lru_cache(maxsize=16)
def grey(name: str, curve: Curve) -> bytes:
    """A display profile of grey: one curve, from the file's numbers, 0 to 1, to light."""
    return _built(b"GRAY", {**_common(name), b"kTRC": _parametric(curve)})


def _common(name: str) -> dict[bytes, bytes]:
    return {
        b"desc": _text(name),
        b"cprt": _text("no copyright, use freely"),
        b"wtpt": _xyz(_D50),
    }


def _built(space: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    at = _HEADER_BYTES + 4 + 12 * len(tags)
    table, bodies, places = b"", b"", dict[bytes, int]()
    for tag, body in tags.items():
        if body not in places:  # the curves are one
            places[body] = at + len(bodies)
            bodies += body.ljust(len(body) + -len(body) % 4, b"\0")
        table += struct.pack(">4sII", tag, places[body], len(body))
    header = struct.pack(
        ">I4sI4s4s4s12x4s", at + len(bodies), b"", 0x04300000, b"mntr", space, b"XYZ ", b"acsp"
    )
    header = header.ljust(68, b"\0") + _fixed(*_D50)
    return header.ljust(_HEADER_BYTES, b"\0") + struct.pack(">I", len(tags)) + table + bodies


def _adapted(
    chromaticities: Chromaticities,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The way from their white to D50, and the primaries after it as columns of XYZ."""
    if min(chromaticities[1::2]) <= 0:
        raise ValueError("a colour without light")
    points = np.array(chromaticities, float).reshape(4, 2)
    white, *primaries = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in points)
    columns = np.array(primaries).T
    try:
        matrix = columns * np.linalg.solve(columns, white)
    except np.linalg.LinAlgError as error:
        raise ValueError("its primaries lie on one line") from error
    cones = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
    if not (np.isfinite(matrix).all() and np.abs(adaptation @ matrix).max() < 16):
        raise ValueError("its primaries are no colours")
    return adaptation, adaptation @ matrix


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))


def _xyz(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _parametric(curve: Curve) -> bytes:
    kind = {1: 0, 5: 3}[len(curve)]
    return struct.pack(">4s4xHH", b"para", kind, 0) + _fixed(*curve)


def _text(text: str) -> bytes:
    raw = text.encode("utf-16-be")
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(raw), 28) + raw
