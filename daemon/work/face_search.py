"""The faces in what the engine saw, whomever it found there; runs in a photo process.

The engine that searches for people looks for faces itself where one look is not enough for it.
"""

from __future__ import annotations

from functools import lru_cache

from daemon.steps.view import View
from matting import faces
from matting.engines import Answer
from matting.errors import EngineUnavailable
from matting.faces import Face
from matting.picture.boxes import Box

_SURE = 1
"""Parts of a picture at which the people network looks where one look is enough."""


def faces_in(view: View, answer: Answer) -> tuple[tuple[Face, ...], tuple[str, ...]]:
    """What the engine tells of faces, or else look; without a network the photo is not lost.

    Where the engine was sure at one look, one look is enough here, too: a portrait would take half
    as long again. Whatever another engine matted is searched in windows.

    Args:
        view: what the engine saw.
        answer: the engine's.

    Returns:
        Faces in pixels of the photo, the surest first; and a warning where nothing can look.
    """
    if "faces" in answer.facts:  # matting/process/contract.py has seen to its shape
        told = answer.facts["faces"]
        return tuple(Face(Box(*place).of(view.box), score) for score, *place in told), ()
    scales = faces.GLANCE if answer.facts.get("parts") == _SURE else faces.CLOSELY
    try:
        network = _network()
    except EngineUnavailable as error:
        return (), (f"no faces were looked for: {error}",)
    seen = faces.find(view.pixels, network, scales)
    return tuple(face._replace(box=view.in_photo(face.box)) for face in seen), ()


@lru_cache(maxsize=1)
def _network() -> faces.Network:
    """One for all photos of a process; a photo process works on one at a time."""
    return faces.Network.load()
