"""Which way is up on a scan, told by the people in it: two looks that know nothing of each other.

One looks for faces, which a cascade finds upright alone; the other is the network that finds
people, which was trained on people who stand. Only what both say is done.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.imaging.colour import small_srgb8
from daemon.imaging.decode import upright as oriented
from daemon.raster import Raster
from daemon.work.finder import loaded
from daemon.work.found import Found
from matting.errors import EngineUnavailable
from matting.judgement.flag import Flag
from matting.people import Network
from matting.people.looks import certainty, consensus, toned
from matting.people.network import SIDE
from matting.picture.shrinking import squeezed

UNTURNED = "unturned"
"""The reason, among those to look at a photo, that it may lie sideways."""
LONG_SIDE = 480
_TURNS = range(4)
"""Quarter turns, anticlockwise."""
_ORIENTATION = {1: 8, 2: 3, 3: 6}
"""The same as Exif numbers them."""
_FACE_MARGIN = 1.0
"""Of the cascade's own weights: by how much the plainest face has to be plainer than others."""
_CERTAIN_MARGIN = 0.02
"""Of the network's certainty, from 0 to 1, likewise."""


def upright(one: Found, people: Path | None) -> Found:
    """Turn a photo if both looks agree that it has to be; flag it if they cannot tell.

    Args:
        one: the photo.
        people: the network that finds people; None: not installed.
    """
    picture, _ = small_srgb8(one.raster, LONG_SIDE)
    turn, other = by_faces(picture), by_people(picture, people)
    if turn is not None and turn == other:
        return replace(one, raster=_turned(one.raster, turn)) if turn else one
    if {turn, other} == {0, None}:  # nothing speaks for a turn
        return one
    return replace(one, flags=(*one.flags, Flag(UNTURNED, 1.0, None)))


def by_faces(picture: NDArray[np.uint8]) -> int | None:
    """How many quarter turns bring the plainest face upright; None where that is not plain."""
    grey = cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    return _plainest([_face(grey, turn) for turn in _TURNS], _FACE_MARGIN)


def _face(grey: NDArray[np.uint8], turn: int) -> float:
    shown = np.ascontiguousarray(np.rot90(grey, turn))
    _, _, weights = _cascade().detectMultiScale3(
        shown, 1.15, 3, minSize=(24, 24), outputRejectLevels=True
    )
    return max((float(each) for each in np.ravel(weights)), default=0.0)


def by_people(picture: NDArray[np.uint8], people: Path | None) -> int | None:
    """How many quarter turns make the network surest of somebody; None where that is not plain."""
    if people is None:
        return None
    try:
        network = loaded(people)
    except EngineUnavailable:  # `matted doctor` says it, and the photo is flagged
        return None
    return _plainest([_sure(picture, turn, network) for turn in _TURNS], _CERTAIN_MARGIN)


def _sure(picture: NDArray[np.uint8], turn: int, network: Network) -> float:
    square = squeezed(np.ascontiguousarray(np.rot90(picture, turn)), SIDE)
    return certainty(consensus([network.look(square), network.look(toned(square))]))


def _plainest(values: list[float], margin: float) -> int | None:
    best, second = sorted(values, reverse=True)[:2]
    return values.index(best) if best - second > margin else None


def _turned(raster: Raster, turn: int) -> Raster:
    pixels = oriented(raster.pixels, _ORIENTATION[turn])
    dpi = raster.dpi[::-1] if raster.dpi and turn % 2 else raster.dpi
    return replace(raster, pixels=pixels, dpi=dpi)


@lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    """OpenCV's own file, one for all photos of a process."""
    data = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(data / "haarcascade_frontalface_alt2.xml"))
