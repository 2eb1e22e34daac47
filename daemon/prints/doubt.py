"""Why prints are not to be cut out of a scan, as a value; ``told`` has the words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What there is to doubt."""

    CAMERA = auto()
    """It is a photo of a wall, maybe, but no flatbed's scan."""
    NO_PLATEN = auto()
    UNEVEN_PLATEN = auto()
    FULL_PLATEN = auto()
    NO_PRINT = auto()
    MANY_PRINTS = auto()
    """The amount is how many."""
    SOMETHING_ELSE = auto()
    """Something on it is no print."""
    NO_RECTANGLE = auto()
    UNSEEN_SEAM = auto()
    LONG = auto()
    """The amount is how many times as long as wide."""
    ASKEW = auto()
    """The amount is degrees."""
    MANY_EDGES = auto()
    ON_EACH_OTHER = auto()


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt; the first that there is."""

    kind: Kind
    print: int | None = None
    """Of which print, from 1; None: of the whole scan."""
    amount: float = 0.0
    """What there is too much of, where the kind says so."""

    @property
    def may_be_mended(self) -> bool:
        """Whether a second look, for faint paper too, may find what was not seen at first."""
        return self.kind is Kind.NO_RECTANGLE
