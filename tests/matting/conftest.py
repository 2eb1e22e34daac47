"""Engines that run for one test, and what their hosts report."""

import os
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from laboratory import ROOT, interpreter

from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec

STUBS = str(Path(__file__).parents[1] / "stubs")


class Log:
    """The events of a host, in order; may be waited for."""

    def __init__(self):
        self.events = []
        self._changed = threading.Condition()

    def __call__(self, name, facts):
        with self._changed:
            self.events.append((name, facts))
            self._changed.notify_all()

    def named(self, name):
        return [facts for each, facts in self.events if each == name]

    def await_(self, name, count=1, within_s=10):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.named(name)) >= count, within_s), (
                f"no {name} within {within_s} s, but {self.events}"
            )
        return self.named(name)[count - 1]


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def stubs():
    """The directory of the stub engines."""
    return STUBS


@pytest.fixture
def in_background():
    """Run something beside the test; its future tells the result or the error."""
    with ThreadPoolExecutor() as pool:
        yield pool.submit


@pytest.fixture(scope="session")
def stub_spec():
    """Settings for a host of the stub engine."""
    return lambda **options: EngineSpec("stub_engine", options, extra_path=(STUBS,))


@pytest.fixture(scope="module")
def shared_host(tmp_path_factory, stub_spec):
    """One obedient engine for tests that must not harm it."""
    with EngineHost(stub_spec(), tmp_path_factory.mktemp("engine"), Log()) as host:
        host.start()
        yield host


@pytest.fixture
def make_host(tmp_path, log):
    """Make a host of the stub engine; it is stopped after the test."""
    hosts = []

    def make(*, python=None, timeout_s=20.0, start_timeout_s=20.0, runtime_dir=tmp_path, **options):
        spec = EngineSpec("stub_engine", options, python, timeout_s, start_timeout_s, (STUBS,))
        hosts.append(EngineHost(spec, runtime_dir, log))
        return hosts[-1]

    yield make
    for host in hosts:
        host.stop()


@pytest.fixture
def ask():
    """Ask a host's engine for one matte; ``red`` picks the stub's behaviour."""

    def ask(host, red=0, *, photo="1", timeout_s=10.0, queue_timeout_s=10.0, wait_s=10.0):
        with connect(host.socket_path, wait_s=wait_s) as engine:
            return engine.matte(
                picture(red), photo=photo, timeout_s=timeout_s, queue_timeout_s=queue_timeout_s
            )

    return ask


def picture(red=0, height=6, width=9):
    pixels = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    pixels[0, 0, 0] = red
    return pixels


@pytest.fixture(scope="session")
def python37():
    """An interpreter of the oldest kind the engine process supports: 3.7 with numpy 1.18.5."""
    if python := interpreter("tf1"):
        return python
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    python = cache / "matted-tests" / "python3.7-numpy1.18.5" / "bin" / "python"
    if not _runs(python, "import numpy; assert numpy.__version__ == '1.18.5'"):
        _build(python.parents[1])
    return str(python)


def _build(venv):
    found = subprocess.run(
        ["sh", Path(ROOT) / ".ci" / "python37"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip(f"NO PYTHON 3.7: the engine process is NOT tested on it. {found.stderr}")
    shutil.rmtree(venv, ignore_errors=True)
    install = [venv / "bin" / "python", "-m", "pip", "install", "-q", "--only-binary", ":all:"]
    base = found.stdout.strip()
    try:
        subprocess.run([base, "-m", "venv", venv], check=True, capture_output=True, timeout=60)
        subprocess.run([*install, "numpy==1.18.5"], check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(venv, ignore_errors=True)
        pytest.skip(
            f"NO PYTHON 3.7 WITH NUMPY 1.18.5, so the engine process is NOT tested: {error}"
        )


def _runs(python, code):
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def running(pid):
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def ends():
    """Whether a process ends within a time."""

    def ends(pid, within_s=5.0):
        until_s = time.monotonic() + within_s
        while running(pid):
            if time.monotonic() > until_s:
                return False
            time.sleep(0.02)
        return True

    return ends
