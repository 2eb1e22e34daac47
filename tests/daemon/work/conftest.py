"""A stub of an engine, and jobs for it.

The stub's alpha is the red channel of what it gets to see, so a test knows what should come out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from staged_jobs import MISCHIEF, PLAIN, STUBS, Make

from daemon.config.profiles import Profile
from daemon.photo import Photo, Version
from daemon.shelf import staging
from daemon.work.job import EngineAddress, Job
from matting.process.host import EngineHost, EngineSpec


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineHost]:
    spec = EngineSpec("stub_engine", {"when_red": MISCHIEF}, extra_path=(STUBS,))
    with EngineHost(spec, tmp_path_factory.mktemp("engine"), lambda *_: None) as host:
        host.start()
        yield host


@pytest.fixture
def job_for(engine: EngineHost, tmp_path: Path) -> Make:
    """Make a job of a photo."""

    def make(source: Path, profile: dict[str, Any] = PLAIN, known: Sequence[str] = ()) -> Job:
        chosen = Profile.model_validate(profile)
        names = tuple(
            f"{number} {output.options.name}".encode()
            for number, output in enumerate(chosen.outputs)
        )
        version = Version.of(source.stat())
        photo = Photo(1, str(tmp_path), os.fsencode(source.name), version, 1, 0.0, names=names)
        results = tmp_path / "results"
        results.mkdir()
        staging.establish(results, lambda _: None)
        return Job(
            photo=photo,
            source=os.fsencode(source),
            results=results,
            staging=staging.stage(results, photo),
            snapshot=os.fsencode(tmp_path / "snapshot"),
            profile=chosen,
            engine=EngineAddress("stub_engine", engine.socket_path, 20, 20, 20),
            max_pixels=10_000_000,
            known=frozenset(known),
        )

    return make
