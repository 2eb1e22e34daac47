"""The doubts in words; apart from what finds them."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.prints.doubt import Doubt, Kind

TOLD: Mapping[Kind, str] = {
    Kind.CAMERA: "a camera took it, and no flatbed",
    Kind.NO_PLATEN: "no plain platen is to be seen at the scan's edges",
    Kind.UNEVEN_PLATEN: "what surrounds the pictures is no evenly lit platen",
    Kind.FULL_PLATEN: "the picture fills the platen",
    Kind.NO_PRINT: "nothing on it is as large as a print",
    Kind.MANY_PRINTS: "{:.0f} prints on it, more than anybody lays on a platen",
    Kind.SOMETHING_ELSE: "something lies on it that is no print",
    Kind.NO_RECTANGLE: "is no rectangle: prints may overlap, or it is torn",
    Kind.UNSEEN_SEAM: "meets another where no edge is to be seen: prints may overlap",
    Kind.LONG: "is {:.1f} times as long as it is wide",
    Kind.ASKEW: "lies {:.0f} degrees askew",
    Kind.MANY_EDGES: "reaches three edges of the scan: what is beside it may belong to it",
    Kind.ON_EACH_OTHER: "prints lie on each other",
}
"""By kind; what is said of one print follows its number."""


def tell(doubt: Doubt) -> str:
    """A doubt for people, one line."""
    words = TOLD[doubt.kind].format(doubt.amount)
    return words if doubt.print is None else f"print {doubt.print} {words}"
