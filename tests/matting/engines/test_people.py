"""The engine for people: what it answers, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from people_pictures import hung
from skimage import data

from matting import people
from matting.engines import Engine, load
from matting.engines.people import answer_of
from matting.errors import EngineUnavailable
from matting.faces import network


@pytest.fixture(scope="module")
def engine(people_network: Path) -> Engine:
    return load("people", {"model": str(people_network), "name": "selfie"})


def test_it_says_which_network_runs_where(engine: Engine) -> None:
    told = engine.describe()
    assert told["model"] == "selfie 9ee168ec7c8f"
    assert told["framework"].startswith("opencv 4.")
    assert told["device"] == "cpu"


def test_a_person_is_opaque_and_what_is_behind_is_gone(engine: Engine) -> None:
    """Not nearly so: a cut-out must keep no haze of 1 of 255."""
    portrait = np.ascontiguousarray(data.astronaut()[:340, 88:360])
    answer = engine.matte(portrait)
    assert (answer.alpha.shape, answer.alpha.dtype) == (portrait.shape[:2], np.uint8)
    assert answer.people == 1
    assert "warnings" not in answer.facts
    assert answer.alpha[:60, :40].max() == 0
    assert answer.alpha[100:140, 110:150].min() == 255


def test_who_was_found_already_is_answered_alike(engine: Engine, people_network: Path) -> None:
    """The step that comes closer searches first, and hands on what it found."""
    portrait = np.asarray(data.astronaut(), np.uint8)
    found = people.find(portrait, people.Networks.load(str(people_network)))
    given, asked = answer_of(found, portrait.shape[:2]), engine.matte(portrait)
    assert (given.alpha == asked.alpha).all()
    assert (given.people, given.facts) == (asked.people, asked.facts)


def test_faces_are_told_in_shares_where_one_look_was_not_enough(engine: Engine) -> None:
    portrait = np.asarray(data.astronaut(), np.uint8)
    assert "faces" not in engine.matte(np.ascontiguousarray(portrait[:340, 88:360])).facts
    wall = np.full((700, 1000, 3), 128, np.uint8)
    answer = engine.matte(hung(portrait, wall, 300, (350, 500)))
    ((score, left, top, width, height),) = answer.facts["faces"]
    assert score > 0.9
    assert (left + width / 2, top + height / 2) == pytest.approx((0.632, 0.608), abs=0.01)
    assert width * 1000 == pytest.approx(height * 700, rel=0.1)
    assert json.loads(json.dumps(answer.facts)) == answer.facts


def test_without_the_network_for_faces_people_are_found_all_the_same(
    people_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "FILE", "nowhere.tflite")
    without = load("people", {"model": str(people_network)})
    wall = np.full((700, 1000, 3), 128, np.uint8)
    answer = without.matte(hung(np.asarray(data.astronaut(), np.uint8), wall, 300, (350, 500)))
    assert answer.people == 1
    assert "faces" not in answer.facts, "so that whoever judges tries, and warns"


def test_a_search_loads_no_compiler(people_network: Path) -> None:
    """Numba takes a second and 60 MB, which the engine's process did without."""
    script = (
        "import sys, numpy as np; from matting import people;"
        "noise = np.random.default_rng(1).integers(0, 256, (1200, 1500, 3), np.uint8);"
        f"found = people.find(noise, people.Networks.load({str(people_network)!r}));"
        "print(found.parts > 1, found.faces is not None, 'numba' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "True True False\n"


def test_where_nobody_is_the_matte_is_empty_and_a_warning_says_so(engine: Engine) -> None:
    gravel = np.dstack([data.gravel()] * 3)
    answer = engine.matte(gravel)
    assert answer.people == 0
    assert not answer.alpha.any()
    assert answer.facts["warnings"] == ["nobody was found; the matte is empty"]


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_photos_are_empty(engine: Engine, level: int) -> None:
    answer = engine.matte(np.full((300, 200, 3), level, np.uint8))
    assert (answer.people, int(answer.alpha.max())) == (0, 0)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (20, 30_000), (17, 23)])
def test_every_size_has_a_matte_of_its_own_size(engine: Engine, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (*size, 3), dtype=np.uint8)
    answer = engine.matte(noise)
    assert answer.alpha.shape == size
    assert answer.facts["seen"] == [int(side) for side in answer.facts["seen"]]


def test_a_photo_that_is_all_person_is_nearly_all_opaque(engine: Engine) -> None:
    face = np.ascontiguousarray(data.astronaut()[70:150, 190:260])
    assert (engine.matte(face).alpha > 127).mean() > 0.9


def test_a_gpu_is_not_promised(people_network: Path) -> None:
    with pytest.raises(EngineUnavailable, match="people runs on the CPU alone"):
        load("people", {"model": str(people_network), "device": "gpu"})


def test_without_a_file_it_says_what_is_missing() -> None:
    with pytest.raises(EngineUnavailable, match="names no file"):
        load("people", {})
