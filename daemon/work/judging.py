"""Whether somebody should look at a matte: all that is at hand put before the judge."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.steps.view import View
from matting.engines import Answer
from matting.errors import EngineUnavailable
from matting.faces import Face
from matting.judgement.evidence import Answered, Doubt, Evidence, Matted
from matting.people import Network
from matting.people.doubt import between
from matting.people.looks import consensus, looks
from matting.picture.boxes import Box

_OWN = "looks"
"""What an engine says of itself that is the people network already: it needs no second look."""
_SECOND = "second"


def at_hand(
    view: View,
    answer: Answer,
    seen: NDArray[np.uint8],
    alpha: NDArray[np.uint16],
    people: Path | None,
    faces: Sequence[Face] = (),
) -> Evidence:
    """All that is at hand to judge a matte by.

    Args:
        view: what was looked at.
        answer: the engine's.
        seen: its alpha at the size at which it was decided.
        alpha: (height, width) the matte, at the photo's own size.
        people: the network that finds people, for a second opinion on engines that are another
            one; None: not installed.
        faces: what ``face_search.faces_in`` saw.
    """
    doubts = _told(answer, view.box)
    if _OWN not in doubts and people is not None:
        doubts |= _second_opinion(view, seen, people)
    said = Answered(seen, view.box, answer.people, doubts)
    return Evidence.of(Matted(view.photo, alpha), said, faces)


def _told(answer: Answer, window: Box) -> dict[str, Doubt]:
    """What the engine itself says; matting/process/contract.py has seen to its shape."""
    told = answer.facts.get("doubts", {})
    return {
        name: Doubt(float(value), Box(*shares).of(window) if shares else None)
        for name, (value, *shares) in told.items()
    }


def _second_opinion(view: View, seen: NDArray[np.uint8], people: Path) -> dict[str, Doubt]:
    """How far the people network is apart from the engine's; nothing where it cannot be read.

    That is no reason to lose the photo, and `matted doctor` says it.
    """
    if view.found is not None:
        whole = view.found.whole
    else:
        try:
            whole = consensus(looks(view.pixels, _network(people)))
        except EngineUnavailable:
            return {}
    found = between(whole, seen * np.float32(1 / 255))
    return {_SECOND: Doubt(found.value, found.place and found.place.of(view.box))}


@lru_cache(maxsize=1)
def _network(people: Path) -> Network:
    """One for all photos of a process."""
    return Network.load(str(people))
