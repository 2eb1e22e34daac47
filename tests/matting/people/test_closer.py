"""Who has a face that the search leaves out is looked at from closer."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from people_pictures import hung

from matting.faces import CLOSELY, Face, find
from matting.people import Network, Networks
from matting.people.aged import Aged
from matting.people.closer import with_faces
from matting.picture.boxes import Box

Picture = NDArray[np.uint8]


class Sees:
    """In place of a network: the same everywhere, and how often it was asked."""

    def __init__(self, probability: float) -> None:
        self._probability = probability
        self.times = 0

    def look(self, _: Picture) -> NDArray[np.float32]:
        self.times += 1
        return np.full((256, 256), self._probability, np.float32)

    def glance(self, picture: Picture) -> NDArray[np.float32]:
        return self.look(picture)[:128, :128]


def seeing(networks: Networks, quick: float, aged: float) -> Networks:
    return Networks(cast("Network", Sees(quick)), cast("Aged", Sees(aged)), networks.faces)


@pytest.fixture(scope="module")
def scene(astronaut: Picture, bare_wall: Picture) -> Picture:
    """Her, 300 pixels high, on the wall; her picture's lower left corner is at (650, 500)."""
    return hung(astronaut, bare_wall, 300, (350, 500))


@pytest.fixture(scope="module")
def seen(scene: Picture, networks: Networks) -> list[Face]:
    found = find(scene, networks.faces, CLOSELY)
    assert [round(face.score, 1) >= 0.9 for face in found] == [True]
    return found


@pytest.mark.parametrize("shape", [(700, 1000), (358, 512), (256, 256)])
def test_whoever_was_left_out_is_found(
    scene: Picture, seen: list[Face], networks: Networks, shape: tuple[int, int]
) -> None:
    found = with_faces(np.zeros(shape, np.float32), scene, seen, networks)
    assert (found.shape, found.dtype) == (shape, np.float32)
    people = cv2.resize((found > 0.5).astype(np.uint8), (1000, 700)) > 0
    rows, columns = np.nonzero(people)
    assert 340 <= rows.min() < rows.max() <= 660
    assert 490 <= columns.min() < columns.max() <= 810
    assert people[350:650, 500:800].mean() > 0.4
    assert 0 <= found.min() <= found.max() <= 1


def test_whom_the_search_has_is_not_looked_at_again(
    scene: Picture, seen: list[Face], networks: Networks
) -> None:
    blind = seeing(networks, 1, 1)
    everything = np.ones((350, 500), np.float32)
    assert with_faces(everything, scene, seen, blind) is everything
    assert cast("Sees", blind.aged).times == 0


@pytest.mark.parametrize(("quick", "aged"), [(0.99, 0.7), (0.3, 0.99), (0.3, 0.3)])
def test_nobody_is_there_unless_both_networks_see_somebody(
    scene: Picture, seen: list[Face], networks: Networks, quick: float, aged: float
) -> None:
    """A face in a violin is nobody to one of them."""
    nobody = np.zeros((350, 500), np.float32)
    assert not with_faces(nobody, scene, seen, seeing(networks, quick, aged)).any()


def test_a_face_in_bare_wall_is_nobody(bare_wall: Picture, networks: Networks) -> None:
    imagined = [Face(Box(400, 300, 60, 60), 0.99)]
    assert not with_faces(np.zeros((350, 500), np.float32), bare_wall, imagined, networks).any()


def test_unsure_faces_count_only_in_company(scene: Picture, networks: Networks) -> None:
    """Many old pictures without people show faces that are as unsure."""
    unsure = [Face(Box(600, 390, 60, 60), 0.55)]
    alone = np.zeros((350, 500), np.float32)
    assert not with_faces(alone, scene, unsure, seeing(networks, 0.99, 0.99)).any()
    company = alone.copy()
    company[100:200, 20:60] = 1
    assert with_faces(company, scene, unsure, seeing(networks, 0.99, 0.99))[225, 320] > 0.9


def test_a_crowd_is_not_looked_at_for_ever(networks: Networks) -> None:
    picture = np.zeros((600, 4000, 3), np.uint8)
    faces = [Face(Box(20 + 60 * number, 200, 20, 20), 0.9) for number in range(60)]
    nobody = seeing(networks, 0.9, 0.2)
    with_faces(np.zeros((77, 512), np.float32), picture, faces, nobody)
    assert 12 <= cast("Sees", nobody.aged).times <= 36


@pytest.mark.parametrize(
    "box",
    [Box(-30, -30, 60, 60), Box(970, 660, 80, 80), Box(995, 5, 400, 400), Box(3, 3, 1, 1)],
    ids=["beyond the corner", "beyond another", "larger than the rest", "a pixel"],
)
def test_faces_at_the_border_and_tiny_ones_are_borne(
    bare_wall: Picture, networks: Networks, box: Box
) -> None:
    nobody = np.zeros((350, 500), np.float32)
    assert not with_faces(nobody, bare_wall, [Face(box, 0.9)], networks).any()
