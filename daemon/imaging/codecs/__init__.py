"""Formats that libvips does not decode. A new one is a module here and a line in ``CODECS``.

A module has one function, ``header``, which reads what stands before the pixels and nothing more.
"""

from __future__ import annotations

from daemon.imaging.codecs import heic, jpeg2000, photoshop, raw
from daemon.imaging.codecs.codec import Codec
from daemon.imaging.formats import Format

CODECS: dict[Format, Codec] = {
    Format.HEIC: heic,
    Format.RAW: raw,
    Format.PSD: photoshop,
    Format.JP2: jpeg2000,
}
