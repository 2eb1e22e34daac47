"""As much of what a photo tells goes into its results as is wished, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.imaging.blocks import block_of
from daemon.imaging.carrying import carried
from daemon.imaging.exif import Exif, Tags, Value, of_block
from daemon.raster import Metadata

EXIF = block_of(
    Exif(
        Tags({315: Value(2, b"Ann\0"), 305: Value(2, b"Lightroom\0")}),
        Tags({36867: Value(2, b"2020:01:02 03:04:05\0")}),
        Tags({1: Value(2, b"N\0")}),
    )
)
XMP = (
    b'<x:xmpmeta><rdf:Description exif:GPSLatitude="48,51.5N" exif:GPSAltitude = \'35/1\' a="b">'
    b"<exif:GPSLongitude>2,21.0E</exif:GPSLongitude><dc:title>Emma</dc:title></rdf:Description>"
    b"</x:xmpmeta>"
)
IPTC = b"\x1c\x02\x50\0\x03Ann" + b"\x1c\x02\xca\0\x04\xff\xd8\xff\xe0" + b"\x1c\x02\x5a\0\x04Lyon"
TOLD = Metadata(EXIF, XMP, IPTC)


@pytest.mark.parametrize("policy", ["all", "safe"])
def test_words_dates_and_names_are_carried_and_the_program_s_name_is_put_in(policy: Any) -> None:
    found = carried(TOLD, policy, "matted 1.2, engine bshm")
    exif = of_block(found.exif)
    assert (exif.image.text(315), exif.image.text(305)) == ("Ann", "matted 1.2, engine bshm")
    assert exif.photo.text(36867) == "2020:01:02 03:04:05"
    assert b"<dc:title>Emma</dc:title>" in found.xmp
    assert found.iptc == b"\x1c\x02\x50\0\x03Ann\x1c\x02\x5a\0\x04Lyon", "less the thumbnail"


def test_where_it_was_taken_is_told_only_if_all_is() -> None:
    everything, safe = (carried(TOLD, policy, "matted") for policy in ("all", "safe"))
    assert of_block(everything.exif).gps.text(1) == "N"
    assert everything.xmp == XMP
    assert not of_block(safe.exif).gps.values
    assert 34853 not in of_block(safe.exif).image.values, "no pointer to nothing either"
    assert b"GPS" not in safe.xmp
    assert b'a="b"' in safe.xmp


def test_none_is_nothing_at_all() -> None:
    assert carried(TOLD, "none", "matted") == Metadata()


def test_a_photo_that_tells_nothing_tells_what_made_its_results() -> None:
    found = carried(Metadata(), "safe", "matted 1.2")
    assert of_block(found.exif).image.text(305) == "matted 1.2"
    assert (found.xmp, found.iptc) == (b"", b"")


@pytest.mark.parametrize("iptc", [b"\x1c", b"\x1c\x02\xca", b"\x1c\x02\x50\xff\xff", b"nonsense"])
def test_iptc_that_is_cut_short_costs_nothing(iptc: bytes) -> None:
    assert carried(Metadata(iptc=iptc), "safe", "matted").iptc == iptc
