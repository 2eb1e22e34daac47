"""The edge of a matte is solved as the profile says, or as a trimap beside the photo does."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from staged_jobs import PLAIN, STUBS, Make, done, portrait, read, staged, write

from daemon.work.job import EngineAddress
from matting.process.host import EngineHost, EngineSpec

# The edge


def blob(size: int = 400) -> NDArray[np.uint8]:
    """A soft red disc; at the top left is what makes the stub see at an eighth of the size."""
    picture = np.full((size, size, 3), 20, np.uint8)
    cv2.circle(picture, (size // 2, size // 2), size // 3, (255, 90, 60), cv2.FILLED, cv2.LINE_AA)
    picture[0, 0, 0] = 70
    return picture


def with_refiner(name: str) -> dict[str, Any]:
    return PLAIN | {"matting": {"refiner": name}}


@pytest.mark.parametrize(
    ("refiner", "ran"), [("auto", "closed-form"), ("closed-form", "closed-form"), ("none", "none")]
)
def test_the_edge_of_a_small_matte_is_solved_as_the_profile_says(
    job_for: Make, tmp_path: Path, refiner: str, ran: str
) -> None:
    job = job_for(write(tmp_path / "a.png", blob()), with_refiner(refiner))
    filed = done(job).filed
    assert (filed.refiner, filed.tiles > 0, filed.warnings) == (ran, ran != "none", ())


def test_a_network_that_draws_the_edge_itself_is_left_to_it(job_for: Make, tmp_path: Path) -> None:
    filed = done(job_for(write(tmp_path / "a.png", portrait()))).filed
    assert (filed.refiner, filed.tiles) == ("none", 0)


def test_a_refiner_that_does_not_run_costs_its_edge_and_a_warning(
    job_for: Make, tmp_path: Path
) -> None:
    """The matte is that of refiner: none."""
    source = write(tmp_path / "a.png", blob())
    job = job_for(source, with_refiner("vitmatte"))
    outcome = done(job)
    (warning,) = outcome.filed.warnings
    assert "refiner vitmatte failed" in warning
    assert outcome.filed.refiner == "none"
    (matte,) = staged(job, outcome)
    (tmp_path / "results").rename(tmp_path / "first results")
    plain = job_for(source, with_refiner("none"))
    (expected,) = staged(plain, done(plain))
    first = Path(str(matte).replace("/results/", "/first results/"))
    assert (read(first) == read(expected)).all()


def test_a_refiner_that_dies_in_mid_photo_costs_its_edge_and_the_next_photo_nothing(
    job_for: Make, tmp_path: Path
) -> None:
    """It solved tiles before; none of what it said is in the matte, which is refiner: none's."""
    deadly = blob(900)
    deadly[128, 128, 0] = 69
    source = write(tmp_path / "a.png", deadly)
    spec = EngineSpec("stub_engine", {"tile": 256, "when_red": {"69": "exit"}}, extra_path=(STUBS,))
    with EngineHost(spec, tmp_path / "refiner", lambda *_: None) as host:
        host.start()
        address = EngineAddress("mine", host.socket_path, 20, 20, 20)
        job = replace(job_for(source, with_refiner("mine")), refiner=address)
        outcome = done(job)
        (warning,) = outcome.filed.warnings
        assert warning.startswith("the refiner mine failed, so the edge is enlarged without it: ")
        assert "\n" not in warning
        assert (outcome.filed.refiner, outcome.filed.tiles) == ("none", 0)
        (dead,) = map(read, staged(job, outcome))
        (tmp_path / "results").rename(tmp_path / "first results")
        plain = job_for(source, with_refiner("none"))
        (expected,) = map(read, staged(plain, done(plain)))
        assert (dead == expected).all()
        (tmp_path / "results").rename(tmp_path / "second results")
        other = write(tmp_path / "b.png", blob(900))
        filed = done(replace(job_for(other, with_refiner("mine")), refiner=address)).filed
        assert (filed.refiner, filed.tiles > 4, filed.warnings) == ("mine", True, ())


# A trimap beside the photo


def own_trimap(size: int = 400) -> NDArray[np.uint8]:
    """Says that the person is the left half, whatever the network says."""
    trimap = np.zeros((size, size), np.uint8)
    trimap[:, : size // 2] = 255
    trimap[:, size // 2 - 10 : size // 2 + 10] = 128
    return np.repeat(trimap[..., None], 3, axis=2)


def test_a_trimap_beside_the_photo_says_where_the_edge_is(job_for: Make, tmp_path: Path) -> None:
    source = write(tmp_path / "anna.png", portrait(400))
    write(tmp_path / "anna.trimap.png", own_trimap())
    job = job_for(source)
    outcome = done(job)
    (matte,) = map(read, staged(job, outcome))
    assert (matte[:, :190] == 255).all()
    assert (matte[:, 210:] == 0).all()
    assert (outcome.filed.refiner, outcome.filed.warnings) == ("closed-form", ())
    assert not Path(os.fsdecode(job.snapshot)).exists()


def make_link(path: Path) -> None:
    path.symlink_to(write(path.parent / "elsewhere.png", own_trimap()))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: write(path, own_trimap(200)), "it is 200 x 200, and the photo 400 x 400"),
        (lambda path: write(path, own_trimap(800)), "pixels"),
        (lambda path: path.write_bytes(b"no picture"), "not"),
        (lambda path: path.write_bytes(b""), ""),
        (lambda path: path.write_bytes(bytes(20 << 20)), "too many for the photo's size"),
        (make_link, "symlink"),
        (lambda path: path.mkdir(), "not a regular file"),
        (os.mkfifo, "not a regular file"),
    ],
    ids=["small", "large", "text", "empty", "heavy", "link", "folder", "fifo"],
)
def test_a_trimap_that_cannot_be_used_is_a_warning_and_the_photo_is_filed(
    job_for: Make, tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    source = write(tmp_path / "anna.png", portrait(400))
    make(tmp_path / "anna.trimap.png")
    outcome = done(job_for(source))
    (warning,) = outcome.filed.warnings
    assert warning.startswith("the trimap anna.trimap.png is not used: ")
    assert said in warning
    assert "\n" not in warning
    assert outcome.filed.refiner == "none"


def test_refiner_none_says_that_it_leaves_a_trimap_unused(job_for: Make, tmp_path: Path) -> None:
    source = write(tmp_path / "anna.png", portrait(400))
    write(tmp_path / "anna.trimap.png", own_trimap())
    (warning,) = done(job_for(source, with_refiner("none"))).filed.warnings
    assert "leaves the trimap unused" in warning
