"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import coverage
import made_photos as made
import people_network as people
import pytest
from harness import Daemon, Fact
from laboratory import Laboratory, interpreter

# ONNX Runtime reports to its makers whenever it is imported, unless this is set before.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start: shells have it ignored by what runs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def untraced() -> Iterator[None]:
    """For tests that count milliseconds: coverage, which would take some, looks away."""
    tracer = coverage.Coverage.current()
    if tracer is None:
        yield
        return
    tracer.stop()
    yield
    tracer.start()


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests whose processes may write no file at all, as coverage does when they end."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def strace() -> str:
    """The program that kills and fails at single system calls."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("NOT TESTED: strace is not installed, so nothing can be killed at a call")
    tried = [found, "-f", "-e", "inject=fsync:error=EIO", "true"]
    if subprocess.run(tried, check=False, capture_output=True, env=os.environ).returncode:
        pytest.skip("NOT TESTED: strace may not trace here, so nothing can be killed at a call")
    return found


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """The real photos, which are not part of the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "photos"
    if not folder.is_dir():
        pytest.skip(f"no photos in {folder}")
    return folder


@pytest.fixture(scope="session")
def made_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small photos that every checkout has: ``astronaut.jpg``, ``coffee.jpg``, ``print.png``..."""
    return made.write(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def people_network() -> Path:
    """The file of the network that finds people."""
    model = people.installed()
    if model is None:
        pytest.skip("NO NETWORK THAT FINDS PEOPLE: what runs it is NOT tested; `make people`")
    return model.path


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Make a daemon, not started yet; it and all it started are gone after the test."""
    made = []

    def make(*, folder: Fact | None = None, engine: Fact | None = None, **settings: Any) -> Daemon:
        root = tmp_path / f"daemon{len(made)}"
        root.mkdir()
        made.append(Daemon(root, folder or {}, settings, engine or {}))
        return made[-1]

    yield make
    for one in made:
        if one.child is not None and one.child.poll() is None:
            one.kill()


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Laboratory]]:
    """Processes with TensorFlow, by the name of their environment; each is started once."""
    made: dict[str, Laboratory] = {}

    def get(name: str) -> Laboratory:
        python = interpreter(name)
        if python is None:
            pytest.skip(
                f"NO .venv-{name}: the engine bshm is NOT tested with it; `make engine-{name}`"
            )
        if name not in made:
            made[name] = Laboratory(name, python, str(tmp_path_factory.mktemp(name) / "lab"))
        return made[name]

    yield get
    for each in made.values():
        each.close()


@pytest.fixture(scope="session", params=["tf1", "tf2"])
def lab(request: pytest.FixtureRequest, laboratory: Callable[[str], Laboratory]) -> Laboratory:
    """A process with TensorFlow: a test runs once for every kind."""
    return laboratory(request.param)
