"""A scan is turned only where two looks at the people in it agree; else it stays, flagged."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from daemon.filed import WHOLE
from daemon.imaging.colour import SRGB
from daemon.raster import Raster
from daemon.work.found import Found
from daemon.work.turning import UNTURNED, by_faces, by_people, upright


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return cv2.resize(skimage.data.astronaut()[:420, 60:380], (360, 480))


def lying(portrait: np.ndarray, turn: int) -> Found:
    pixels = np.ascontiguousarray(np.rot90(portrait, -turn))
    return Found(WHOLE, Raster(pixels, SRGB, (300, 150) if turn % 2 == 0 else (150, 300)))


@pytest.mark.parametrize("turn", range(4))
def test_both_looks_find_which_way_is_up(
    portrait: np.ndarray, turn: int, people_network: Path
) -> None:
    shown = np.asarray(lying(portrait, turn).raster.pixels, np.uint8)
    assert by_faces(shown) == turn
    assert by_people(shown, people_network) == turn


@pytest.mark.parametrize("turn", range(4))
def test_what_lies_sideways_or_upside_down_is_turned(
    portrait: np.ndarray, turn: int, people_network: Path
) -> None:
    found = upright(lying(portrait, turn), people_network)
    assert (found.raster.pixels == portrait).all()
    assert found.raster.dpi == (300, 150)
    assert found.flags == ()


def test_without_a_second_look_it_is_left_and_flagged(portrait: np.ndarray) -> None:
    on_its_side = lying(portrait, 1)
    found = upright(on_its_side, None)
    assert found.raster is on_its_side.raster
    assert [flag.reason for flag in found.flags] == [UNTURNED]


def test_what_stands_upright_is_not_flagged_because_one_look_cannot_tell(
    portrait: np.ndarray,
) -> None:
    assert upright(lying(portrait, 0), None).flags == ()


def test_a_picture_without_people_is_left(people_network: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    one = Found(WHOLE, Raster(noise, SRGB, None))
    assert upright(one, people_network).raster is one.raster
