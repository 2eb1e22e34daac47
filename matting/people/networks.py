"""The networks that a search for people asks, loaded together."""

from __future__ import annotations

from typing import NamedTuple

from matting.errors import EngineUnavailable
from matting.faces import Network as FaceNetwork
from matting.people.aged import Aged
from matting.people.network import Network


class Networks(NamedTuple):
    """All of them; one thread at a time may use them."""

    quick: Network
    """Looks often: at the whole and at parts of it."""
    aged: Aged
    """Decides where looks are not enough."""
    faces: FaceNetwork | None = None
    """Shows whom both have left out; None: nobody looks, which is no reason to find nobody."""

    @classmethod
    def load(cls, path: str) -> Networks:
        """Read the file of the first; the others come with the program.

        Raises:
            EngineUnavailable: one of the first two cannot be read, or is another network.
        """
        return cls(Network.load(path), Aged.load(), _for_faces())


def _for_faces() -> FaceNetwork | None:
    """Without it each photo is warned of (daemon/work/face_search.py), and the doctor says it."""
    try:
        return FaceNetwork.load()
    except EngineUnavailable:
        return None
