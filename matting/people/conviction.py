"""Whether the second network is convinced that there is anybody at all.

Of rocks, ships and vases it is half sure all over; of people it is nearly certain in places, and of
their mirror image as well. What is asked is the surest tenth of all that would be taken.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.people.candidates import PERSON
from matting.people.windows import Map

_CONVINCED = 0.87
"""How sure it has to be. Chosen, as the next, on one half of the old photographs
(docs/benchmarks.md): the surest of a cradle board is 0.869."""
_CERTAIN = 0.97
"""From which it is not asked again: of three in four photographs of people it is that sure."""
_MIRRORED = PERSON
"""How sure it has to be of the mirror image, too: a rock of 0.96 was 0.03 there."""


def is_convinced(taken: NDArray[np.bool_], second: Map, mirrored: Callable[[], Map]) -> bool:
    """Whether any of what would be taken for people convinces the second network.

    Args:
        taken: (height, width).
        second: the same shape: what it says.
        mirrored: asks it about the mirror image, and turns the answer back; called if need be.
    """
    if not taken.any():
        return False
    surest = peak(taken, second)
    if not _CONVINCED <= surest < _CERTAIN:
        return surest >= _CERTAIN
    return peak(taken, mirrored()) >= _MIRRORED


def glimpsed(taken: NDArray[np.bool_], glance: Map) -> bool:
    """Whether the second network, shown a portrait small, sees anything of it.

    Of 89 portraits of people it was sure by 0.9 at least, and by 0.14 of a ridge of ice. Of
    small figures it sees nothing at that size.

    Args:
        taken: (height, width); some of it is.
        glance: of any size.
    """
    size = taken.shape[1], taken.shape[0]
    seen = np.asarray(cv2.resize(glance, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return peak(taken, seen) >= PERSON


def peak(taken: NDArray[np.bool_], seen: Map) -> float:
    """How sure a map is of the surest tenth of what is taken; some has to be."""
    return float(np.percentile(seen[taken], 90))
