"""Known-good mattes pass, and what is wrong with a damaged one is said, with its place."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from damaged_mattes import DAMAGES
from drawn_portraits import portrait
from numpy.typing import NDArray

from matting.faces import Face
from matting.judgement import thresholds
from matting.judgement.evidence import Answered, Doubt, Evidence, Matted
from matting.judgement.flag import Flag, Place
from matting.judgement.judge import judge
from matting.judgement.reasons import REASONS
from matting.judgement.told import OF_SCANS, TOLD
from matting.picture.boxes import Box

SHARED = Path(__file__).resolve().parents[4] / "shared"
PERSONS = ("curly-grey", "man-24mp", "lincoln-1863", "girl-1870")
CURLS = "its curls end like a cut: a false alarm that docs/flags.md tells of"
GOOD = (
    pytest.param("curly-grey", marks=pytest.mark.xfail(reason=CURLS)),
    *PERSONS[1:],
    "toddler",
    "hayes-1870s",
)
EXPECTED = {
    "hair_cut_off": {"hair"},
    "hair_hard": {"hair_edge"},
    "hair_blocky": {"hair_edge"},
    "hole": {"hole"},
    "island": {"parts"},
    "half_a_face": {"face", "hair"},
    "eroded_collar": {"clothes"},
}
"""Any of these; half a face takes some of the hair along."""
SIZES = [(1, 1), (1, 17), (23, 1), (3, 2), (61, 47), (700, 90)]
MATTES = ("empty", "opaque", "one pixel", "noise", "stripes")

Picture = NDArray[np.uint8]
Alpha = NDArray[np.uint16]


def evidence(
    photo: Picture,
    alpha: Alpha,
    people: int | None = 1,
    doubts: dict[str, Doubt] | None = None,
    faces: Sequence[Face] = (),
) -> Evidence:
    height, width = alpha.shape
    small = cv2.resize(alpha, (min(256, width), min(256, height)), interpolation=cv2.INTER_AREA)
    seen = (small >> 8).astype(np.uint8)
    whole = Box(0, 0, width, height)
    return Evidence.of(Matted(photo, alpha), Answered(seen, whole, people, doubts or {}), faces)


def flags(photo: Picture, alpha: Alpha) -> dict[str, Flag]:
    return {flag.reason: flag for flag in judge(evidence(photo, alpha), "people")}


def overlap(one: Place, other: Place) -> bool:
    return all(
        one[axis] < other[axis] + other[axis + 2] and other[axis] < one[axis] + one[axis + 2]
        for axis in (0, 1)
    )


def person(name: str) -> tuple[Picture, Alpha]:
    """Somebody of ../shared before a plain wall, so that the reference is the truth."""
    if not SHARED.exists():
        pytest.skip("NO ../shared: flags are NOT tested on photos with reference")
    photo = cv2.imread(str(next((SHARED / "photos").glob(f"{name}.*"))))
    matte = cv2.imread(str(SHARED / "mattes" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    factor = min(1.0, 1000 / max(matte.shape))
    size = round(matte.shape[1] * factor), round(matte.shape[0] * factor)
    matte, photo = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (matte, photo))
    share = matte[..., None] / 255
    picture = share * photo[..., ::-1] + (1 - share) * (150, 150, 145)
    return picture.astype(np.uint8), matte.astype(np.uint16) * np.uint16(257)


def test_a_true_matte_of_a_drawn_portrait_passes() -> None:
    assert flags(*portrait()) == {}


@pytest.mark.parametrize("name", GOOD)
def test_a_true_matte_of_a_person_passes(name: str) -> None:
    assert flags(*person(name)) == {}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_what_is_wrong_is_said_with_its_place(damage: str) -> None:
    photo, alpha = portrait()
    wrong = DAMAGES[damage](alpha)
    told = flags(photo, wrong.alpha)
    expected = [told[reason] for reason in EXPECTED[damage] if reason in told]
    assert expected, told
    assert all(flag.place and overlap(flag.place, wrong.place) for flag in expected)


@pytest.mark.parametrize("damage", sorted(DAMAGES))
@pytest.mark.parametrize("name", PERSONS)
def test_what_is_wrong_with_a_person_is_said_with_its_place(name: str, damage: str) -> None:
    photo, alpha = person(name)
    wrong = DAMAGES[damage](alpha)
    told = flags(photo, wrong.alpha)
    expected = [told[reason] for reason in EXPECTED[damage] if reason in told]
    assert expected, told
    assert all(flag.place and overlap(flag.place, wrong.place) for flag in expected)


def test_an_empty_matte_says_that_and_nothing_else() -> None:
    photo, alpha = portrait()
    assert list(flags(photo, np.zeros_like(alpha))) == ["nobody"]


def test_a_matte_of_all_there_is_touches_all_borders() -> None:
    photo, alpha = portrait()
    flag = flags(photo, np.full_like(alpha, 65535))["borders"]
    assert flag.value == 4
    assert flag.place == (0, 0, 640, 800)


def test_a_bust_cut_off_at_the_elbows_touches_no_more_than_the_foot() -> None:
    photo, alpha = portrait()
    alpha[600:] = 65535
    assert "borders" not in flags(photo, alpha)


def test_an_arm_on_a_hip_is_no_hole() -> None:
    """What is seen through it is the wall."""
    photo, alpha = portrait()
    cv2.circle(photo, (320, 650), 40, (205, 205, 205), -1)
    cv2.circle(alpha, (320, 650), 40, 0, -1)
    big = flags(photo, alpha).get("hole")
    assert big is None or big.value < 1


def test_a_network_that_is_unsure_all_along_the_outline_is_told_of() -> None:
    photo, alpha = portrait()
    seen = cv2.GaussianBlur(cv2.resize((alpha >> 8).astype(np.uint8), (205, 256)), (0, 0), 5)
    asked = Evidence.of(Matted(photo, alpha), Answered(seen, Box(0, 0, 640, 800), 1))
    assert "unsure" in [flag.reason for flag in judge(asked, "people")]


def test_patches_that_are_half_transparent_are_told_of() -> None:
    photo, alpha = portrait()
    alpha[350:790, 560:640] = 20000
    flag = flags(photo, alpha)["smear"]
    assert flag.place
    assert overlap(flag.place, (560, 350, 80, 440))


def test_a_disagreement_is_told_where_the_engine_says_it_is() -> None:
    photo, alpha = portrait()
    doubts = {name: Doubt(9.0, Box(100, 50, 40, 30)) for name in ("looks", "second")}
    told = judge(evidence(photo, alpha, doubts=doubts), "people")
    assert {flag.reason for flag in told} == {"looks", "second"}
    assert all(flag.place and overlap(flag.place, (100, 50, 40, 30)) for flag in told)
    assert all(flag.place and flag.place[2] <= 44 for flag in told)


def test_a_face_is_told_where_it_lies_mostly_outside() -> None:
    """The surest one; one at the border is judged by what of it is in the photo."""
    photo, alpha = portrait()
    inside = Face(Box(270, 180, 100, 100), 0.99)
    beside = Face(Box(20, 60, 80, 80), 0.9)
    less_sure, unsure = Face(Box(540, 60, 80, 80), 0.8), Face(Box(540, 60, 80, 80), 0.6)
    half_beyond, all_beyond = Face(Box(-40, 60, 80, 80), 0.9), Face(Box(-90, 60, 80, 80), 0.99)

    def told(*faces: Face) -> list[tuple[str, float, Place | None]]:
        flags = judge(evidence(photo, alpha, faces=faces), "people")
        return [(flag.reason, flag.value, flag.place) for flag in flags]

    assert told(inside) == told(unsure, inside) == told(all_beyond) == []
    assert told(inside, less_sure, beside) == [("face_outside", 0.9, (20, 60, 80, 80))]
    assert told(half_beyond) == [("face_outside", 0.9, (0, 60, 40, 80))]


def test_a_face_in_an_empty_matte_is_told_before_that_nobody_was_found() -> None:
    photo, alpha = portrait()
    face = Face(Box(270, 180, 100, 100), 0.9)
    found = judge(evidence(photo, np.zeros_like(alpha), faces=[face]), "people")
    assert [flag.reason for flag in found] == ["face_outside", "nobody"]
    assert found[0].place == (270, 180, 100, 100)


def test_an_edge_that_drowns_in_the_grain_is_told_of() -> None:
    photo, alpha = portrait()
    grain = np.random.default_rng(2).normal(0, 45, (*alpha.shape, 1))
    coarse = (0.25 * photo + 100 + grain).clip(0, 255).astype(np.uint8)
    assert "grain" in flags(coarse, alpha)


@pytest.mark.parametrize("matte", MATTES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(REASONS))
def test_every_reason_answers_whatever_it_is_shown(
    name: str, size: tuple[int, int], matte: str
) -> None:
    chance = np.random.default_rng(0)
    photo = chance.integers(0, 256, (*size, 3), dtype=np.uint8)
    alpha = np.zeros(size, np.uint16)
    if matte == "opaque":
        alpha[:] = 65535
    elif matte == "one pixel":
        alpha[size[0] // 2, size[1] // 2] = 65535
    elif matte == "noise":
        alpha[:] = chance.integers(0, 65536, size, dtype=np.uint16)
    elif matte == "stripes":
        alpha[::4] = alpha[1::4] = 65535
    photo.flags.writeable = alpha.flags.writeable = False
    doubts = {name: Doubt(9.0, Box(0, 0, *size[::-1]))}
    asked = evidence(photo, alpha, doubts=doubts, faces=_everywhere(size))
    found = REASONS[name].measure(asked)
    assert np.isfinite(found.value)
    assert found.value >= 0
    if (place := asked.place(found.place)) is not None:
        left, top, width, height = place
        assert 0 <= left < left + width <= size[1]
        assert 0 <= top < top + height <= size[0]
        assert all(type(each) is int for each in place)
    again = evidence(photo, alpha, doubts=doubts, faces=_everywhere(size))
    assert REASONS[name].measure(again) == found


def _everywhere(size: tuple[int, int]) -> list[Face]:
    """Faces of all sizes inside, across and beyond a photo of that (height, width)."""
    height, width = size
    at = [(x * width, y * height) for x in (-2, -0.5, 0, 0.5, 0.99, 2) for y in (-0.3, 0.4, 1)]
    return [
        Face(Box(x, y, side, side), 0.6 + 0.01 * number)
        for number, (x, y) in enumerate(at)
        for side in (0.25, 0.3 * max(size), 3 * max(size))
    ]


def test_every_reason_has_a_limit_and_words() -> None:
    for engine in (*thresholds.LIMITS, "an engine of tomorrow"):
        assert set(thresholds.limits(engine)) == set(REASONS)
    assert set(TOLD) == set(REASONS) | OF_SCANS


def test_every_reason_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "flags.md").read_text()
    assert [name for name in REASONS if f"`{name}`" not in text] == []


def test_judging_a_scan_is_cheap() -> None:
    """A photo of 1.5 megapixels takes 0.15 s of the processor at most."""
    photo, alpha = portrait()
    photo, alpha = (cv2.resize(each, (1095, 1369)) for each in (photo, alpha))
    took_s = []
    for _ in range(5):
        began_s = time.process_time()
        judge(evidence(photo, alpha), "people")
        took_s.append(time.process_time() - began_s)
    assert min(took_s) < 0.15
