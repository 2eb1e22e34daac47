"""What the fault tests share: the tally, and its place in pytest's summary."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crash_points import Forge
from harness import STUBS
from summary import Tally

from matting.process.host import EngineHost, EngineSpec

TALLY = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = Tally()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that ran some of the files tells what it counted (pytest-xdist)."""
    told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["tally"] = session.config.stash[TALLY].to_json()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """And here that is added up; one that was killed has told nothing."""
    told: dict[str, Any] = getattr(node, "workeroutput", {})
    if "tally" in told:
        node.config.stash[TALLY].take_in(told["tally"])


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Counts what was done to the daemon, and what every audit found."""
    return request.config.stash[TALLY]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    tally = config.stash[TALLY]
    if tally.audits:
        terminalreporter.section("faults")
        for line in tally.lines():
            terminalreporter.line(line)


@pytest.fixture(scope="module")
def forge(strace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """Makes processes that file, and that can be killed or failed at any call."""
    spec = EngineSpec("stub_engine", {}, extra_path=(str(STUBS),))
    base = tmp_path_factory.mktemp("forge")
    with (
        tempfile.TemporaryDirectory() as runtime,  # pytest's own are too long for a socket's name
        EngineHost(spec, Path(runtime), lambda _, __: None) as engine,
    ):
        engine.start()
        with Forge(strace, engine.socket_path, base) as made:
            yield made


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory on another file system than the temporary one."""
    here = tmp_path_factory.getbasetemp()
    for other in ("/dev/shm", "/run", "/tmp"):  # noqa: S108 - whatever is another disk will do
        if os.access(other, os.W_OK) and os.stat(other).st_dev != os.stat(here).st_dev:
            with tempfile.TemporaryDirectory(dir=other) as made:
                yield Path(made)
            return
    pytest.skip("NOT TESTED: there is no second file system to archive to")
