"""The matte at the photo's own size: which refiner solves its edge, and what if that fails."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from daemon.config.profiles import AUTO, NONE
from daemon.work.job import EngineAddress
from matting import refiners
from matting.errors import EngineError
from matting.picture.fine import fine
from matting.refiners import Refiner
from matting.refiners.guided import refine

_USUAL = "closed-form"
_DRAWS_HAIR = 700
"""Long side at which a network's own matte has the hair: closed form would only lose it."""


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """A matte at the size of what was looked at."""

    alpha: NDArray[np.uint16]
    """(height, width), 65535 is opaque."""
    refiner: str
    """Which one ran: "none" is guided enlargement alone."""
    tiles: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who shall do it, for one photo."""

    name: str
    """As the settings have it: auto, none, a built-in refiner, or a network's name."""
    photo: str
    """Its id."""
    address: EngineAddress | None = None
    """Where the network runs; None: nowhere."""
    seen: int | None = None
    """Long side at which the engine's network decided the matte; None: the picture's own."""


def refined(
    alpha: NDArray[np.uint8],
    detail: NDArray[np.uint8],
    wanted: Wanted,
    trimap: NDArray[np.uint8] | None = None,
) -> Refined:
    """Bring a matte to the photo's size.

    A refiner that fails is no reason to lose the photo: guided enlargement, which needs nobody,
    takes its place, and a warning says so.

    Args:
        alpha: at the size at which the network decided it.
        detail: (H, W, 3) RGB, the photo.
        wanted: who shall do it.
        trimap: (H, W), the user's own.
    """
    name = _chosen(wanted, own=trimap is not None)
    if name == NONE:
        unused = () if trimap is None else ("refiner: none leaves the trimap unused",)
        return Refined(refine(alpha, detail), NONE, warnings=unused)
    try:
        refiner = loaded(name, wanted)
        try:
            solved = fine(alpha, detail, refiner, trimap=trimap, threads=cv2.getNumThreads())
        finally:
            refiner.close()
    except EngineError as error:
        told = f"the refiner {name} failed, so the edge is enlarged without it: {error}"
        return Refined(refine(alpha, detail), NONE, warnings=(told,))
    return Refined(solved.alpha, name, solved.tiles)


def _chosen(wanted: Wanted, *, own: bool) -> str:
    if wanted.name != AUTO:
        return wanted.name
    small = wanted.seen is not None and wanted.seen <= _DRAWS_HAIR
    return _USUAL if own or small else NONE


def loaded(name: str, wanted: Wanted) -> Refiner:
    """A refiner by its name.

    Raises:
        EngineError: it does not run.
    """
    if name in refiners.BUILT_IN:
        return refiners.load(name, {})
    if wanted.address is None:
        raise EngineError("it is not running; restart the daemon")
    address = wanted.address
    return refiners.load(
        refiners.NETWORKS,
        {
            "socket": address.socket,
            "connect_s": address.connect_s,
            "photo": wanted.photo,
            "timeout_s": address.timeout_s,
            "queue_timeout_s": address.queue_s,
        },
    )
