"""Photos with all that people write into them, made by other programs; decoded, written anew."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from daemon.imaging.encode import write_png, write_tiff
from daemon.raster import Raster

WRITERS = {"png": write_png, "tiff": write_tiff}

XMP = (
    b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" tiff:Orientation="6" exif:PixelXDimension = '4000'
 xmp:Rating="4">
<tiff:ImageWidth>4000</tiff:ImageWidth>
<xmp:Thumbnails><rdf:Alt><rdf:li>/9j/4AAQSkZJ</rdf:li></rdf:Alt></xmp:Thumbnails>
<dc:creator><rdf:Seq><rdf:li>Andr\xc3\xa9 in XMP</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta>
"""
    + b" " * 2000
    + b"""<?xpacket end="w"?>"""
)


def iim(**texts: str) -> bytes:
    numbers = {"by_line": 80, "caption": 120, "notice": 116, "city": 90}
    return b"".join(
        struct.pack(">BBBH", 0x1C, 2, numbers[name], len(text.encode())) + text.encode()
        for name, text in texts.items()
    )


IPTC = iim(by_line="Ann in IPTC", city="Lyon")


def camera_s_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[270], exif[315], exif[33432] = "Emma at the sea", "Ann Artist", "(c) 1998 Ann"
    exif[306], exif[274], exif[305] = "1999:01:02 03:04:05", 6, "a scanner's"
    photo = exif.get_ifd(0x8769)
    photo[36867], photo[37510] = "1998:07:06 05:04:03", b"ASCII\0\0\0by the lighthouse"
    photo[40962], photo[40963], photo[37500], photo[33434] = 4000, 3000, b"secret" * 100, 0.004
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (48.0, 30.0, 0.0)
    return exif


def written(raster: Raster, kind: str, tmp_path: Path) -> Path:
    path = tmp_path / f"out.{kind}"
    WRITERS[kind](path, raster.pixels, icc=raster.icc, dpi=raster.dpi, metadata=raster.metadata)
    return path


def plain_png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()
