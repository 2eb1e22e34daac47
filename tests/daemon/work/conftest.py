"""A stub of an engine, and jobs for it.

The stub's alpha is the red channel of what it gets to see, so a test knows what should come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from staged_jobs import MISCHIEF, PLAIN, STUBS, Make, staged_job

from daemon.config.profiles import Profile
from daemon.work.job import Job
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
        job = staged_job(source, tmp_path / "results", chosen, names, engine.socket_path)
        return replace(job, known=frozenset(known))

    return make
