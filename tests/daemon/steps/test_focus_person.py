"""Small people are looked at from closer; everything else stays."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.steps import focus_person
from daemon.view import View
from matting.people import Box


@pytest.fixture(scope="module")
def portrait(photos_dir: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(photos_dir / "hayes-1870s.jpg"))[..., ::-1], np.uint8)


def hung(portrait: NDArray[np.uint8], wall: tuple[int, int], at: tuple[int, int]) -> View:
    """The portrait on a large empty wall."""
    scene = np.full((*wall, 3), 128, np.uint8)
    (top, left), (height, width) = at, portrait.shape[:2]
    scene[top : top + height, left : left + width] = portrait
    return View.of(scene, 1024)


def test_a_small_person_is_seen_from_closer_whole_and_with_room(
    portrait: NDArray[np.uint8],
) -> None:
    view = hung(portrait, (1800, 2600), (900, 1500))
    closer = focus_person.apply(view, focus_person.Options())
    box = closer.box
    assert box.width * box.height < 0.5 * 1800 * 2600
    face = Box(1500 + 120, 900 + 80, 110, 140)
    assert box.x <= face.x
    assert box.y <= face.y
    assert box.x + box.width >= face.x + face.width
    assert box.y + box.height >= face.y + face.height
    assert (closer.detail == view.photo[closer.window]).all()


def test_a_person_large_enough_stays_as_seen(portrait: NDArray[np.uint8]) -> None:
    view = View.of(portrait, 1024)
    assert focus_person.apply(view, focus_person.Options()) is view


def test_at_zero_it_never_comes_closer(portrait: NDArray[np.uint8]) -> None:
    view = hung(portrait, (1800, 2600), (900, 1500))
    assert focus_person.apply(view, focus_person.Options(min_share=0)) is view


def test_where_nobody_is_the_view_stays(photos_dir: Path) -> None:
    photo = np.asarray(cv2.imread(str(photos_dir / "bridge-1880s-nobody.jpg"))[..., ::-1], np.uint8)
    view = View.of(photo, 1024)
    assert focus_person.apply(view, focus_person.Options(min_share=1)) is view
