"""Small people are looked at from closer; everything else stays."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from people_pictures import hung
from skimage import data

from daemon.steps import focus_person
from daemon.steps.view import Finder, View
from matting.people import Found, Networks, find

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def finder(people_network: Path) -> Finder:
    return partial(find, networks=Networks.load(str(people_network)))


@pytest.fixture(scope="module")
def scene() -> Picture:
    """The portrait, 400 pixels high, on a large empty wall."""
    wall = np.full((1800, 2600, 3), 128, np.uint8)
    return hung(np.asarray(data.astronaut(), np.uint8), wall, 400, (900, 1500))


def test_a_small_person_is_seen_from_closer_whole_and_with_room(
    scene: Picture, finder: Finder
) -> None:
    view = View.of(scene, 1024, finder)
    closer = focus_person.apply(view, focus_person.Options())
    box = closer.box
    assert box.width * box.height < 0.25 * 1800 * 2600
    assert box.x <= 1500 + 120  # her left shoulder
    assert box.y <= 900 + 10
    assert box.x + box.width >= 1500 + 330
    assert box.y + box.height >= 900 + 390
    assert (closer.detail == view.photo[closer.window]).all()


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_a_small_person_comes_out_better_than_without(finder: Finder, share: float) -> None:
    """Against the matte that the same network makes of the portrait alone."""
    portrait = np.asarray(data.astronaut(), np.uint8)
    alone = _matte(View.of(portrait, 1024, finder))
    side = round((share / (alone > 0.5).mean() * 1500 * 2200) ** 0.5)
    wall = np.full((1500, 2200, 3), 110, np.uint8)
    view = View.of(hung(portrait, wall, side, (1500 - side, 300)), 640, finder)
    truth = np.zeros((1500, 2200))
    truth[1500 - side :, 300 : 300 + side] = _resized(alone.astype(np.float32), side)
    closer = focus_person.apply(view, focus_person.Options())
    assert closer.box != view.box
    assert _distance(_matte(closer), truth) < 0.8 * _distance(_matte(view), truth)


def _matte(view: View) -> NDArray[np.float64]:
    assert view.find_people is not None
    found = view.find_people(view.pixels)
    alpha = _resized(found.probability, *view.detail.shape[1::-1])
    return np.asarray(view.frame(np.rint(alpha * 65535).astype(np.uint16)) / 65535)


def _resized(alpha: NDArray[np.float32], width: int, height: int | None = None) -> Picture:
    return np.asarray(cv2.resize(alpha, (width, height or width)))


def _distance(alpha: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    return float(np.abs(alpha - truth).mean())


def test_a_person_large_enough_stays_as_seen(finder: Finder) -> None:
    view = View.of(np.asarray(data.astronaut(), np.uint8), 1024, finder)
    left = focus_person.apply(view, focus_person.Options())
    assert left.box == view.box
    assert left.pixels is view.pixels


def test_what_it_found_goes_with_the_view_as_long_as_that_stays(finder: Finder) -> None:
    """The engine that finds people need not search the same pixels again; others it must."""
    view = View.of(np.asarray(data.astronaut(), np.uint8), 1024, finder)
    left = focus_person.apply(view, focus_person.Options())
    assert left.found is not None
    assert len(left.found.people) == 1
    assert left.toned(left.pixels.copy()).found is None


def test_a_closer_look_has_not_been_searched(scene: Picture, finder: Finder) -> None:
    closer = focus_person.apply(View.of(scene, 1024, finder), focus_person.Options())
    assert closer.found is None


def test_at_zero_it_never_comes_closer_nor_searches(scene: Picture) -> None:
    def unwanted(picture: Picture) -> Found:
        raise AssertionError(picture.shape)

    view = View.of(scene, 1024, unwanted)
    assert focus_person.apply(view, focus_person.Options(min_share=0)) is view


def test_without_the_network_the_view_stays(scene: Picture) -> None:
    view = View.of(scene, 1024)
    assert focus_person.apply(view, focus_person.Options()) is view


def test_where_nobody_is_the_view_stays(finder: Finder) -> None:
    view = View.of(np.full((600, 900, 3), 140, np.uint8), 1024, finder)
    left = focus_person.apply(view, focus_person.Options(min_share=1))
    assert left.box == view.box
    assert left.pixels is view.pixels
