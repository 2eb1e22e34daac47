"""The networks that a search for people asks, loaded together."""

from __future__ import annotations

from typing import NamedTuple

from matting import faces
from matting.people.aged import Aged
from matting.people.network import Network


class Networks(NamedTuple):
    """All of them; one thread at a time may use them."""

    quick: Network
    """Looks often: at the whole and at parts of it."""
    aged: Aged
    """Decides where looks are not enough."""
    faces: faces.Network
    """Shows whom both have left out."""

    @classmethod
    def load(cls, path: str) -> Networks:
        """Read the file of the first; the others come with the program.

        Raises:
            EngineUnavailable: one cannot be read, or is another network.
        """
        return cls(Network.load(path), Aged.load(), faces.Network.load())
