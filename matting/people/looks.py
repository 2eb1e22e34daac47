"""One part of a picture looked at several times, and what the looks agree on.

The network was trained on clean modern pictures. A faded print is easier for it with full contrast,
a scratched one without its finest lines; which of them helps depends on the print, so it sees
all, each also mirrored, and the surer it is of a look the more that one counts. The toning happens
at the network's own size, where it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matting.people.network import SIDE, Network, Probability
from matting.picture.shrinking import squeezed

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8 sRGB."""

_BLACK_WHITE = (1, 99)
"""Percentiles of lightness that become black and white."""
_SPECKS = 5
"""Pixels of 256 across: specks and scratches up to half of that go."""
_POWER = 4
"""Of the certainty by which looks are weighted. At 0, all alike, scratched prints get 0.04 less
IoU; clean ones are the same at any power."""
_LEAST = 0.02
"""The certainty that the least certain look has."""
SUREST = 0.998
"""No look is taken to be surer than that, or it could not be outvoted."""


def toned(square: Picture) -> Picture:
    """Stretch lightness over its whole range and take the average colour out."""
    lab = cv2.cvtColor(square * np.float32(1 / 255), cv2.COLOR_RGB2Lab)
    black, white = np.percentile(lab[..., 0], _BLACK_WHITE)
    lab[..., 0] = ((lab[..., 0] - black) * (100 / max(white - black, 10.0))).clip(0, 100)
    lab[..., 1:] -= lab[..., 1:].mean(axis=(0, 1))
    return np.asarray(cv2.convertScaleAbs(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), alpha=255))


def _smooth(square: Picture) -> Picture:
    return toned(np.asarray(cv2.medianBlur(square, _SPECKS), np.uint8))


def _as_it_is(square: Picture) -> Picture:
    return square


TONES: tuple[Callable[[Picture], Picture], ...] = (_as_it_is, toned, _smooth)


def looks(picture: Picture, network: Network) -> list[Probability]:
    """Look six times: in three tones, each also mirrored.

    Args:
        picture: (height, width, 3) uint8 RGB; it is squeezed to a square.
        network: to look with.

    Returns:
        (SIDE, SIDE) float32 probabilities of a person, none of them mirrored any more.
    """
    square = squeezed(picture, SIDE)
    seen = []
    for tone in TONES:
        shown = tone(square)
        mirrored = network.look(np.ascontiguousarray(shown[:, ::-1]))
        seen += [network.look(shown), mirrored[:, ::-1]]
    return seen


def consensus(seen: list[Probability]) -> Probability:
    """What looks at the same part agree on: the mean log odds, the surest counting most."""
    weights = [max(certainty(each), _LEAST) ** _POWER for each in seen]
    return weighted(seen, weights)


def weighted(seen: Sequence[Probability], weights: Sequence[float]) -> Probability:
    """The mean log odds, each counting by its weight, as a probability."""
    total = sum(w * odds(each) for w, each in zip(weights, seen, strict=True))
    return probability_of(np.asarray(total / sum(weights)))


def odds(seen: Probability) -> Probability:
    """The logarithm of the odds, bounded by ``SUREST``."""
    bounded = seen.clip(1 - SUREST, SUREST)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float32)


def probability_of(log_odds: NDArray[np.floating[Any]]) -> Probability:
    """The probability that has these log odds; see ``odds``."""
    return np.asarray(1 / (1 + np.exp(-log_odds)), np.float32)


def certainty(look: Probability) -> float:
    """1 where every pixel is sure; 0 where as much is undecided as is taken for a person."""
    undecided = float((4 * look * (1 - look)).mean())
    return 1 - min(1.0, undecided / max(float(look.mean()), _LEAST))
