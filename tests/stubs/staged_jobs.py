"""Jobs that photo processes get in tests, and what they stage."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from made_photos import colour
from numpy.typing import NDArray

from daemon.config.profiles import Profile
from daemon.photo import Photo, Version
from daemon.shelf import staging
from daemon.work.job import EngineAddress, Job, Staged
from daemon.work.pipeline import work

STUBS = str(Path(__file__).parent)
PLAIN = {"preprocess": [], "outputs": ["matte"]}
MISCHIEF = {"66": "out_of_memory", "67": "refuse", "68": "raise", "69": "exit", "70": "see_small"}
Make = Callable[..., Job]


def staged_job(
    source: Path, results: Path, profile: Profile, names: tuple[bytes, ...], engine: Path
) -> Job:
    """A job as the queue makes it, for an engine stub that listens at that socket."""
    photo = Photo(
        1, str(source.parent), os.fsencode(source.name), Version.of(source.stat()), 1, 0.0,
        names=names,
    )  # fmt: skip
    results.mkdir()
    staging.establish(results, lambda _: None)
    return Job(
        photo=photo,
        source=os.fsencode(source),
        results=results,
        staging=staging.stage(results, photo),
        snapshot=os.fsencode(results.parent / "snapshot"),
        profile=profile,
        engine=EngineAddress("stub_engine", engine, 20, 20, 20),
        max_pixels=10_000_000,
    )


def done(job: Job) -> Staged:
    outcome = work(job)
    assert isinstance(outcome, Staged)
    assert not Path(os.fsdecode(job.snapshot)).exists()
    return outcome


def staged(job: Job, outcome: Staged) -> list[Path]:
    """The staged files, in the profile's order."""
    paths = [
        Path(os.fsdecode(os.path.join(outcome.plan.results, m.staged))) for m in outcome.plan.moves
    ]
    assert [move.final for move in outcome.plan.moves] == list(job.photo.names)
    assert all(path.parent == Path(os.fsdecode(job.staging)) for path in paths)
    return paths


def portrait(size: int = 200) -> NDArray[np.uint8]:
    """(size, size, 3) RGB."""
    whole = colour()["astronaut"][:400, :400]
    return np.asarray(cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def write(path: Path, rgb: NDArray[Any]) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, np.ascontiguousarray(rgb[..., ::-1]))[1].tobytes())
    return path


def read(path: Path) -> NDArray[Any]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
