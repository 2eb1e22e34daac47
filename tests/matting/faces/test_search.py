"""A face is found once, wherever it stands and however small it is."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from matting.faces import CLOSELY, GLANCE, Face, find
from matting.faces.search import surest
from matting.picture.boxes import Box


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(0.0, across) * max(0.0, down)
    return both / (one.width * one.height + other.width * other.height - both)


@pytest.mark.parametrize("scales", [GLANCE, CLOSELY], ids=["at a glance", "closely"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_face_is_found_where_it_is(network, astronaut, her_face, mirrored, scales) -> None:
    picture = np.ascontiguousarray(astronaut[:, ::-1]) if mirrored else astronaut
    left = 512 - her_face.x - her_face.width if mirrored else her_face.x
    found = find(picture, network, scales)
    assert found[0].score > 0.9
    assert _overlap(found[0].box, Box(left, her_face.y, her_face.width, her_face.height)) > 0.7
    assert [face for face in found[1:] if face.score > 0.7] == []


@pytest.mark.parametrize("long_side", [700, 1400, 5000])
@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_a_small_face_in_a_corner_is_found_in_windows(
    network, astronaut, her_face, corner, long_side
) -> None:
    """She takes a quarter of the picture's height, her face a twentieth."""
    height, side = round(long_side * 0.7), round(long_side * 0.2)
    picture = np.full((height, long_side, 3), 110, np.uint8)
    left, top = corner[0] * (long_side - side), corner[1] * (height - side)
    small = cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA)
    picture[top : top + side, left : left + side] = small
    found = find(picture, network, CLOSELY)
    at = her_face.scaled(side / 512)
    assert _overlap(found[0].box, Box(left + at.x, top + at.y, at.width, at.height)) > 0.5


def test_a_wall_has_no_face(network, bare_wall) -> None:
    assert find(bare_wall, network, CLOSELY) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (23, 1), (61, 47), (700, 9), (40, 3000)])
def test_pictures_of_any_size_are_searched(network, size) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    picture.flags.writeable = False
    found = find(picture, network, CLOSELY)
    assert found == find(picture, network, CLOSELY)
    assert all(0.5 <= face.score <= 1 for face in found)


def test_of_boxes_that_are_one_face_the_surest_is_kept() -> None:
    faces = [
        Face(Box(0, 0, 100, 100), 0.6),
        Face(Box(10, 5, 100, 100), 0.9),
        Face(Box(300, 0, 40, 40), 0.7),
    ]
    assert surest(faces) == [faces[1], faces[2]]
    assert surest([]) == []


def test_a_glance_is_cheap(network, astronaut) -> None:
    """Of a photo as the engine sees it; it takes 0.02 s where nothing else is at work."""
    picture = cv2.resize(astronaut, (1100, 1536))
    took_s = []
    for _ in range(5):
        began_s = time.process_time()
        find(picture, network, GLANCE)
        took_s.append(time.process_time() - began_s)
    assert min(took_s) < 0.1
