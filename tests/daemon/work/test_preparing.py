"""A picture is searched as the other steps leave it, and if it is to be the whole, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from daemon.config.profiles import Profile
from daemon.steps.view import Finder, View
from daemon.work.finder import finder
from daemon.work.preparing import prepare
from matting.people import Found

Picture = NDArray[np.uint8]
PROFILE = Profile.model_validate({"preprocess": ["focus_person", "neutralize"]})


@dataclass
class Searches:
    """The network, and what it was shown."""

    find: Finder
    pictures: list[Picture] = field(default_factory=list)

    def __call__(self, picture: Picture) -> Found:
        self.pictures.append(picture)
        return self.find(picture)


@pytest.fixture
def searches(people_network: Path) -> Searches:
    find, _ = finder(PROFILE, people_network)
    assert find is not None
    return Searches(find)


def hung(side: int) -> Picture:
    """A portrait of that size on a warm wall."""
    wall = np.full((1000, 1500, 3), (150, 120, 90), np.uint8)
    whole = np.asarray(skimage.data.astronaut(), np.uint8)
    wall[-side:, 500 : 500 + side] = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    return wall


def test_a_portrait_is_searched_once_and_that_goes_with_it(searches: Searches) -> None:
    """It was searched, toned, and then had to be searched once more."""
    photo = hung(900)
    view = prepare(View.of(photo, 1000, searches), PROFILE)
    (searched,) = searches.pictures
    assert searched is view.pixels
    assert view.found is not None
    toned = prepare(View.of(photo, 1000), PROFILE.only_toning)
    assert (view.pixels == toned.pixels).all()
    assert (view.pixels != View.of(photo, 1000).pixels).any()


def test_what_is_looked_at_from_closer_is_toned_by_itself(searches: Searches) -> None:
    view = prepare(View.of(hung(300), 1000, searches), PROFILE)
    assert view.box.width < 1000
    assert view.found is None
    toned = prepare(View.of(view.detail, 1000), PROFILE.only_toning)
    assert (view.pixels == toned.pixels).all()
    assert (view.pixels != View.of(view.detail, 1000).pixels).any()
