"""What the engine gets to see of a photo, and what becomes of its answer."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from staged_jobs import PLAIN, Make, done, portrait, read, staged, write

from daemon.errors import EngineFailed, EngineStumbled, OutOfMemory, Refused
from daemon.work.pipeline import work
from matting.process.host import EngineHost


def test_a_small_person_is_looked_at_closely_and_put_back_in_place(
    job_for: Make, people_network: Path, tmp_path: Path
) -> None:
    """Outside the box nothing was looked at, so alpha is 0 there though red is not."""
    photo = np.full((1000, 1500, 3), 120, np.uint8)
    photo[600:856, 900:1156] = portrait(256)
    profile = {"preprocess": [{"focus_person": {}}], "outputs": [{"matte": {"bits": 16}}]}
    job = job_for(write(tmp_path / "a.png", photo), profile)
    engine = replace(job.engine, people=people_network)
    job = replace(job, engine=engine)
    (matte,) = map(read, staged(job, done(job)))
    assert matte.shape == (1000, 1500)
    assert not matte[:200].any()
    assert not matte[:, :600].any()
    face = (slice(640, 760), slice(960, 1080))
    assert np.abs(matte[face] / 257 - photo[face][..., 0]).mean() < 6
    rows, columns = np.nonzero(matte)
    assert rows.min() > 300
    assert columns.min() > 650


def test_whom_a_step_has_found_the_engine_is_not_asked_about(
    job_for: Make, people_network: Path, tmp_path: Path
) -> None:
    """The engine of the test answers the red channel: had it been asked, nobody would be clear."""
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), np.asarray(skimage.data.astronaut())[..., ::-1])
    job = job_for(photo, {"preprocess": ["focus_person"], "outputs": ["matte"]})
    engine = replace(job.engine, people=people_network, finds="selfie")
    filed = done(replace(job, engine=engine)).filed
    assert (filed.people, filed.device) == (1, "cpu")
    matte = cv2.imread(str(next(Path(os.fsdecode(job.staging)).iterdir())), cv2.IMREAD_GRAYSCALE)
    assert matte is not None
    assert matte[:60, :60].max() == 0
    assert matte[100:180, 200:250].min() == 255  # her face


def test_a_large_photo_is_matted_small_and_filed_at_its_own_size(
    job_for: Make, tmp_path: Path
) -> None:
    photo = np.asarray(cv2.resize(portrait(), (900, 600), interpolation=cv2.INTER_CUBIC), np.uint8)
    profile = {"matting": {"long_side": 300}, "outputs": [{"matte": {"bits": 8}}]}
    job = job_for(write(tmp_path / "a.png", photo), profile)
    (matte,) = map(read, staged(job, done(job)))
    assert matte.shape == (600, 900)
    assert np.abs(matte.astype(float) - photo[..., 0]).mean() < 6


def test_a_network_that_sees_little_of_a_photo_gets_the_photos_own_edges(
    job_for: Make, tmp_path: Path
) -> None:
    """At the very size it was asked for: what was enlarged within the engine is no detail."""
    photo = np.zeros((400, 600, 3), np.uint8)
    cv2.circle(photo, (300, 200), 120, (255, 230, 210), thickness=-1, lineType=cv2.LINE_AA)
    truth = photo[..., 0].astype(float)
    photo[0, 0] = (70, 0, 0)
    job = job_for(write(tmp_path / "a.png", photo), PLAIN)
    (matte,) = map(read, staged(job, done(job)))
    blocks = truth.reshape(50, 8, 75, 8).mean(axis=(1, 3)).repeat(8, axis=0).repeat(8, axis=1)
    error = np.abs(matte / np.iinfo(matte.dtype).max * 255 - truth)
    assert error.mean() < np.abs(blocks - truth).mean() / 4


def mischievous(path: Path, red: int) -> Path:
    """Only the very first pixel is the stub's cue: half the size averages it away."""
    photo = np.full((200, 300, 3), 180, np.uint8)
    photo[0, 0] = (red, 0, 0)
    return write(path, photo)


def test_out_of_memory_is_tried_once_more_at_half_the_size_and_said(
    job_for: Make, tmp_path: Path
) -> None:
    job = job_for(mischievous(tmp_path / "a.png", 66))
    outcome = done(job)
    (warning,) = outcome.filed.warnings
    assert warning.startswith("the engine ran out of memory and matted at 150 pixels: ")
    (matte,) = map(read, staged(job, outcome))
    assert matte.shape == (200, 300)
    assert np.abs(matte.astype(int) - 180).mean() < 2


def test_out_of_memory_twice_is_the_photos_end(job_for: Make, tmp_path: Path) -> None:
    photo = np.full((200, 300, 3), 66, np.uint8)
    with pytest.raises(OutOfMemory, match="99 GiB"):
        work(job_for(write(tmp_path / "a.png", photo)))


@pytest.mark.parametrize(
    ("red", "error", "reason"),
    [
        (67, Refused, "the engine cannot matte it: .*does not like this picture"),
        (68, EngineStumbled, "stumbled"),
    ],
)
def test_what_the_engine_says_of_a_photo_is_passed_on(
    red: int, error: type[Exception], reason: str, job_for: Make, tmp_path: Path
) -> None:
    job = job_for(mischievous(tmp_path / "a.png", red))
    with pytest.raises(error, match=reason):
        work(job)
    assert not Path(os.fsdecode(job.snapshot)).exists()


def test_an_engine_that_dies_is_named_by_its_process(
    job_for: Make, tmp_path: Path, engine: EngineHost
) -> None:
    pid = engine.hello["pid"]
    with pytest.raises(EngineFailed) as caught:
        work(job_for(mischievous(tmp_path / "a.png", 69)))
    assert caught.value.engine_pid == pid
