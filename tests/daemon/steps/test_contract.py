"""What holds for every step, the day it is registered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.config.documentation import documentation
from daemon.options import Options
from daemon.steps import STEPS, chooses_view, finds_people
from daemon.steps.view import View
from matting.people import Found
from matting.people.doubt import Disagreement
from matting.picture.boxes import Box

TONING = sorted(name for name in STEPS if not chooses_view(name))
SIZES = [(1, 1), (1, 17), (23, 1), (3, 2), (61, 47)]


def frozen(picture: NDArray[np.uint8]) -> View:
    """A view whose arrays raise when they are written to."""
    view = View.of(picture, 2000)
    view.photo.flags.writeable = view.pixels.flags.writeable = False
    return view


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(STEPS))
def test_shape_depth_and_input_are_kept(name: str, size: tuple[int, int]) -> None:
    view = frozen(noise(*size))
    before = view.pixels.copy()
    after = STEPS[name].apply(view, STEPS[name].Options())
    assert after.pixels.shape == view.pixels.shape
    assert after.pixels.dtype == np.uint8
    assert after.box == view.box
    assert after.photo is view.photo
    assert (view.pixels == before).all()


@pytest.mark.parametrize("name", sorted(STEPS))
def test_the_same_photo_always_gives_the_same_pixels(name: str, made_photos: Path) -> None:
    photo = cv2.imread(str(made_photos / "print.png"))
    first, second = (
        STEPS[name].apply(frozen(np.asarray(photo, np.uint8)), STEPS[name].Options()).pixels
        for _ in range(2)
    )
    assert (first == second).all()


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
@pytest.mark.parametrize("name", TONING)
def test_grey_stays_grey(name: str, level: int) -> None:
    rng = np.random.default_rng(level)
    grey = np.clip(rng.normal(level, 10, (40, 50, 1)), 0, 255).astype(np.uint8).repeat(3, axis=2)
    after = STEPS[name].apply(frozen(grey), STEPS[name].Options()).pixels.astype(int)
    assert np.ptp(after, axis=2).max() <= 1


@pytest.mark.parametrize("name", TONING)
def test_an_even_grey_stays_even(name: str) -> None:
    flat = np.full((40, 50, 3), 90, np.uint8)
    after = STEPS[name].apply(frozen(flat), STEPS[name].Options()).pixels
    assert np.ptp(after) <= 1


@pytest.mark.parametrize("name", sorted(STEPS))
def test_only_a_step_that_says_so_searches_or_changes_what_is_looked_at(name: str) -> None:
    """By that mark it comes first, is left out where all is looked at, and gets its network."""
    asked = []

    def find(pixels: NDArray[np.uint8]) -> Found:
        asked.append(pixels.shape)
        people = (Box(25, 20, 8, 8),)
        nobody = np.zeros((16, 16), np.float32)
        return Found(nobody, people, 1, whole=nobody, looks=Disagreement(0.0, None))

    view = replace(View.of(noise(61, 80), 2000), find_people=find)
    after = STEPS[name].apply(view, STEPS[name].Options())
    assert (after.box != view.box) is chooses_view(name)
    assert bool(asked) is finds_people(name)


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_option_has_a_description_and_a_default(name: str) -> None:
    step = STEPS[name]
    assert issubclass(step.Options, Options)
    assert step.Options.model_fields
    for option, field in step.Options.model_fields.items():
        assert documentation(step.Options)[option].endswith(".")
        assert not field.is_required()
    assert step.Options.model_validate(step.Options().model_dump()) == step.Options()


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_says_what_it_does(name: str) -> None:
    """The first line of the module becomes the list of steps."""
    assert (STEPS[name].__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("neutralize", {"strength": 0}),
        ("lift_shadows", {"amount": 0}),
        ("denoise", {"strength": 0}),
    ],
)
def test_at_zero_a_step_does_nothing(name: str, off: dict[str, float]) -> None:
    view = frozen(noise(40, 50))
    after = STEPS[name].apply(view, STEPS[name].Options.model_validate(off))
    assert np.abs(after.pixels.astype(int) - view.pixels).max() <= 1
