"""Portraits are seen at once, small people and groups by searching, and nobody is invented."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from people_pictures import hung

from matting import faces
from matting.people import Network, Networks, find
from matting.people.aged import Aged
from matting.people.search import agreed, convincing, lost


def test_a_portrait_takes_a_single_part(networks, astronaut) -> None:
    found = find(astronaut, networks)
    assert found.parts == 1
    assert len(found.people) == 1
    assert 0.3 < found.share < 0.7


def test_a_bare_wall_has_nobody(networks, bare_wall) -> None:
    found = find(bare_wall, networks)
    assert found.people == ()
    assert found.share == 0


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1])
def test_a_small_person_in_a_big_frame_is_found_where_she_is(
    networks, astronaut, bare_wall, share: float
) -> None:
    height = round((share * bare_wall.shape[0] * bare_wall.shape[1]) ** 0.5)
    found = find(hung(astronaut, bare_wall, height, (300, 600)), networks)
    (person,) = found.people
    x, y = person.centre
    assert 600 < x < 600 + height
    assert 300 < y < 300 + height


def test_people_who_stand_apart_are_counted(networks, astronaut, bare_wall) -> None:
    scene = hung(astronaut, bare_wall, 260, (400, 120))
    scene = hung(astronaut[:, ::-1], scene, 260, (400, 640))
    found = find(scene, networks)
    assert len(found.people) == 2
    assert sorted(person.centre[0] < 500 for person in found.people) == [False, True]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (20, 3000), (5000, 1), (17, 23)])
def test_odd_sizes_have_an_answer(networks, size) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    found = find(noise, networks)
    assert np.isfinite(found.probability).all()
    assert 0 <= found.probability.min() <= found.probability.max() <= 1


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_hold_nobody(networks, level: int) -> None:
    assert find(np.full((400, 300, 3), level, np.uint8), networks).people == ()


def test_the_same_picture_is_answered_alike(networks, astronaut, bare_wall) -> None:
    scene = hung(astronaut, bare_wall, 200, (300, 600))
    first, second = find(scene, networks), find(scene, networks)
    assert (first.probability == second.probability).all()
    assert first.people == second.people


def test_nobody_stands_on_the_bridge(networks, photos_dir: Path) -> None:
    bridge = cv2.imread(str(photos_dir / "bridge-1880s-nobody.jpg"))[..., ::-1]
    assert find(np.ascontiguousarray(bridge), networks).share < 0.05


@pytest.mark.parametrize("name", ["couple-1855.jpg", "girls-1860.jpg", "standing-woman-12mp.jpg"])
def test_old_prints_have_somebody(networks, photos_dir: Path, name: str) -> None:
    photo = cv2.imread(str(photos_dir / name))[..., ::-1]
    small = cv2.resize(photo, None, fx=1024 / max(photo.shape), fy=1024 / max(photo.shape))
    found = find(np.ascontiguousarray(small), networks)
    assert found.people
    assert found.share > 0.1


@pytest.mark.parametrize(
    ("name", "face"),
    [
        ("deoldify-donegal1907yarn-2737.jpg", (0.72, 0.43)),
        ("deoldify-greekimmigrants1905-f052.jpg", (0.691, 0.164)),
        ("pg28024-atwhites-b08d.jpg", (0.61, 0.73)),
    ],
)
def test_whose_face_shows_is_not_left_out(
    networks,
    photos_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    face: tuple[float, float],
) -> None:
    """Before stones, before a dark hill, before leaves: the search by itself leaves them out."""
    path = photos_dir.parent / "training" / "people" / name
    if not path.exists():
        pytest.skip(f"NO {path}: nobody is looked for from closer in old photos")
    photo = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
    found = find(photo, networks)
    x, y = (
        round(share * side) for share, side in zip(face, found.probability.shape[::-1], strict=True)
    )
    assert found.probability[y, x] > 0.9
    monkeypatch.setattr("matting.people.search.with_faces", lambda probability, *_: probability)
    assert find(photo, networks).probability[y, x] < 0.5


# What the two networks say, and what becomes of it


def region(level: float, box: tuple[slice, slice], around: float = 0) -> np.ndarray:
    """A map of 100 x 100 that sees somebody in one place."""
    seen = np.full((100, 100), around, np.float32)
    seen[box] = level
    return seen


BOX = slice(20, 60), slice(30, 60)


def test_beside_somebody_convincing_the_faint_ones_count() -> None:
    other = slice(20, 60), slice(70, 90)
    whole = np.maximum(region(0.98, BOX), region(0.98, other))
    found = agreed([whole], np.maximum(region(0.97, BOX), region(0.6, other)))
    assert (found[other] > 0.5).all()


def test_one_whom_looks_see_faintly_is_taken_if_the_second_network_is_sure() -> None:
    """All but the head of a woman in a shawl was left out: the looks saw a seventh of her."""
    head, rest = (slice(20, 30), slice(30, 60)), (slice(30, 80), slice(20, 80))
    second = np.maximum(region(0.97, head), region(0.92, rest))
    found = agreed([np.maximum(region(0.98, head), region(0.15, rest))], second)
    assert (found[rest] > 0.5).mean() > 0.9


@pytest.mark.parametrize(
    ("box", "level", "taken"),
    [(BOX, 0.97, True), (BOX, 0.9, False), ((slice(20, 40), slice(30, 60)), 0.97, False)],
    ids=["large and sure", "not so sure", "small"],
)
def test_a_group_that_no_look_sees_is_taken_if_it_is_large_and_the_second_network_very_sure(
    box: tuple[slice, slice], level: float, *, taken: bool
) -> None:
    """Groups in halftone were empty mattes: no look sees anything of them, at any scale."""
    found = agreed([region(0, BOX)], region(level, box))
    assert (found[box] > 0.5).all() == taken


@pytest.mark.parametrize(("rows", "taken"), [(slice(60, 80), True), (slice(60, 100), False)])
def test_what_the_second_network_sees_beside_somebody_is_hers_if_it_is_less_than_she_is(
    rows: slice, *, taken: bool
) -> None:
    """Full figures lost skirts and feet that no look sees; a tree behind them is none of theirs."""
    torso, rest = (slice(20, 60), slice(30, 60)), (rows, slice(30, 62))
    found = agreed([region(0.98, torso)], np.maximum(region(0.97, torso), region(0.7, rest)))
    assert (found[torso][:36] > 0.5).all()
    assert (found[rest][6:] > 0.5).all() == taken


def test_foliage_that_a_look_is_sure_of_and_the_second_network_is_not_leaves_no_haze() -> None:
    """It was half transparent: the mean of 0.95 and 0.02."""
    foliage = slice(20, 60), slice(30, 45)
    second = region(0.97, BOX)
    second[foliage] = 0.02
    found = agreed([region(0.97, BOX)], second)
    assert (found[foliage] < 0.3).all()
    assert (found[20:60, 45:60] > 0.9).all()


@pytest.mark.parametrize(("level", "taken"), [(0.95, True), (0.99, False)])
def test_what_the_mirror_image_shows_counts_where_it_was_asked_about(
    level: float, *, taken: bool
) -> None:
    """What it said of that had told whether there is anybody, and nothing of where."""
    head, skirt = (slice(20, 40), slice(30, 60)), (slice(40, 60), slice(30, 60))
    second = np.maximum(region(level, head), region(0.3, skirt))
    found = convincing([region(0.9, BOX)], second, lambda: region(0.98, BOX))
    assert (found[head] > 0.5).all()
    assert (found[skirt] > 0.5).all() == taken


@pytest.mark.parametrize(("level", "gone"), [(0.3, True), (0.02, False)])
def test_a_portrait_is_lost_only_where_the_second_network_sees_something_of_it(
    level: float, *, gone: bool
) -> None:
    """A bridge of which half of the looks made a portrait, and it nothing at all, was taken."""
    portrait = region(1, BOX) > 0.5
    assert lost(portrait, region(0, BOX), region(level, BOX)) == gone
    assert not lost(portrait, region(0.9, BOX), region(level, BOX))


def test_what_the_second_network_leaves_of_a_portrait_is_not_lost_if_it_is_sure_of_it() -> None:
    """All of a picture was taken where it saw a boy, and most looks him and the foliage."""
    everything = np.ones((100, 100), bool)
    assert not lost(everything, region(0.98, BOX), region(0.98, BOX))
    hardly_sure = region(0.55, BOX, around=0.3)
    assert lost(everything, region(0.98, BOX), hardly_sure)


class _Looks:
    """In place of Selfie Segmentation: answers in turn what it was given, for each tone twice."""

    def __init__(self, tones: list[np.ndarray]) -> None:
        self._answers = [each for tone in tones for each in (tone, tone[:, ::-1])]

    def look(self, _: np.ndarray) -> np.ndarray:
        return self._answers.pop(0) if self._answers else np.zeros((256, 256), np.float32)


class _Second:
    """In place of our own network: sees one thing, however it is asked."""

    def __init__(self, seen: np.ndarray) -> None:
        self._seen = seen

    def look(self, _: np.ndarray) -> np.ndarray:
        return self._seen

    glance = look_mirrored = look


def test_looks_of_which_two_leave_half_of_it_out_make_no_plain_portrait() -> None:
    """A faded boy before foliage: as sure as they were, four looks, the whole picture was he."""
    boy = np.zeros((256, 256), np.float32)
    boy[60:, 60:200] = 0.99
    everything, unsure = np.full_like(boy, 0.999), np.where(boy > 0.5, boy, np.float32(0.3))
    picture = np.full((400, 400, 3), 128, np.uint8)
    looks = _Looks([everything, everything, unsure])
    found = find(
        picture,
        Networks(cast("Network", looks), cast("Aged", _Second(boy)), faces.Network.load()),
    )
    assert found.parts > 1
    assert found.share == pytest.approx(float((boy > 0.5).mean()), abs=0.05)
