"""The reasons in words; apart from what measures them, so that telling takes no image library."""

from __future__ import annotations

from collections.abc import Mapping

TOLD: Mapping[str, str] = {
    "face_outside": "there is a face outside the matte",
    "nobody": "nobody was found",
    "borders": "the person touches three borders",
    "unsure": "the network was unsure along the outline",
    "smear": "broad patches are half transparent",
    "looks": "the network disagrees with its mirrored look",
    "second": "a second network sees something else",
    "grain": "the person's edge is hardly stronger than the grain",
    "hole": "there is a hole in the person",
    "parts": "pieces lie apart from the person",
    "hair": "some of the hair is cut off",
    "hair_edge": "the edge of the hair is hard or blocky",
    "clothes": "some of collar, sleeves or skirt is cut off",
    "face": "the outline may cut into the face or the neck",
    "unsplit": "the scan was not cut into prints, its warning says why",
    "unparted": "it may be two prints that were not parted, its warning says why",
    "unturned": "which way is up could not be told for sure",
}
"""By reason."""

OF_SCANS = frozenset({"unsplit", "unparted", "unturned"})
"""Those that have to do with how a scan was read, and with no matte."""
