"""Whoever the second network is only half sure of is nobody."""

from __future__ import annotations

import numpy as np
import pytest

from matting.people import find
from matting.people.aged import Aged
from matting.people.conviction import is_convinced

TAKEN = np.zeros((100, 100), np.bool_)
TAKEN[20:60, 30:60] = True


def _seen(level: float) -> np.ndarray:
    return np.where(TAKEN, np.float32(level), np.float32(0))


class Asked:
    """Answers about the mirror image, and counts how often it was asked."""

    def __init__(self, level: float) -> None:
        self.level, self.times = level, 0

    def __call__(self) -> np.ndarray:
        self.times += 1
        return _seen(self.level)


@pytest.mark.parametrize(
    ("level", "mirrored", "convinced", "times"),
    [
        (0.99, 0.0, True, 0),
        (0.7, 1.0, False, 0),
        (0.95, 0.6, True, 1),
        (0.95, 0.03, False, 1),
        (0.86, 1.0, False, 0),
    ],
    ids=["certain", "half sure", "sure twice", "a rock, in the mirror none", "a cradle board"],
)
def test_who_is_half_a_person_to_the_second_network_is_nobody(
    level: float, mirrored: float, *, convinced: bool, times: int
) -> None:
    """Ships, rocks and vases were taken: looks are sure of them, and it is a little."""
    asked = Asked(mirrored)
    assert is_convinced(TAKEN, _seen(level), asked) == convinced
    assert asked.times == times


def test_a_small_part_of_it_has_to_be_sure() -> None:
    """Of a figure in a dark coat it is sure of the face."""
    second = _seen(0.6)
    second[20:30, 40:60] = 0.98
    assert is_convinced(TAKEN, second, Asked(0))


def test_nobody_convinces_nobody() -> None:
    assert not is_convinced(np.zeros_like(TAKEN), _seen(1), Asked(1))


class Doubtful(Aged):
    """A second network that says the same of every place, and another thing at a glance."""

    def __init__(self, glimpsed: float, looked: float) -> None:  # loads no network
        self.glimpsed, self.looked, self.times = glimpsed, looked, 0

    def glance(self, picture: np.ndarray) -> np.ndarray:
        self.times += 1
        assert picture.ndim == 3
        return np.full((128, 128), self.glimpsed, np.float32)

    def look(self, _: np.ndarray) -> np.ndarray:
        return np.full((256, 256), self.looked, np.float32)


@pytest.mark.parametrize(
    ("glimpsed", "looked", "share"),
    [(0.14, 0.16, 0), (0.9, 0, 0.2), (0.14, 0.98, 0.2)],
    ids=["sees nothing", "sees it at a glance", "sees it when it looks"],
)
def test_a_portrait_that_looks_are_not_quite_sure_of_is_asked_about(
    networks,
    astronaut,
    monkeypatch: pytest.MonkeyPatch,
    glimpsed: float,
    looked: float,
    share: float,
) -> None:
    """A ridge of ice with a ship was a portrait to every look, and more than half a picture.

    Two children before leaves were an empty matte, since the glance alone decided.
    """
    monkeypatch.setattr("matting.people.search._UNASKED_CERTAINTY", 1.1)
    monkeypatch.setattr("matting.people.search.with_faces", lambda found, *_: found)
    second = Doubtful(glimpsed, looked)
    found = find(astronaut, networks._replace(aged=second))
    assert second.times == 1
    assert (found.share > share) == (share > 0)
    assert bool(found.people) == (share > 0)
