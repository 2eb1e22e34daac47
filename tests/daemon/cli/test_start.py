"""Commands that only read and tell start fast, because they load nothing that works on pictures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from daemon.ledger import Ledger

NO_DAEMON = 10
"""What `matted status` ends with here."""
WORKING = ("pebble", "ssl")
"""What those load who have photos worked on."""
PICTURES = ("cv2", "numba", "numpy", "pymatting", "pyvips", "scipy", "skimage")
LATER = (
    *("rich", "daemon.raster", "daemon.service.telling", "matting.models.catalog"),
    *("matting.models.model", "matting.refiners"),
)
"""What is loaded where tables are drawn, photos worked on, or refiners and networks named."""
MOST_MODULES = {"check": 75, "status": 100, "retry": 105, "--version": 20}
"""Of our own that a command loads: five more than when that was written down."""
MOST_BY_LIBRARIES = {"check": 1.45, "status": 1.6}
"""Times what the libraries alone take that settings and command line are read with, 1.2 and 1.3
on a quiet machine. In seconds it is up to three times as much beside other work."""
LIBRARIES = """
import typer, yaml
from pydantic import BaseModel

class Settings(BaseModel):
    workers: int = 1
"""

LOADED = (
    "import gc, runpy, sys\n"
    "sys.argv = ['matted', *sys.argv[1:]]\n"
    "try:\n"
    "    runpy.run_module('daemon', run_name='__main__')\n"
    "finally:\n"
    "    print('LOADED', *sorted(sys.modules))\n"
    "    print('collected' if gc.isenabled() else 'never collected', file=sys.stderr)\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a daemon that has run."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "state").mkdir()
    Ledger.open(tmp_path / "state" / "ledger.sqlite").close()
    file = tmp_path / "matted.yaml"
    file.write_text("state_dir: state\nfolders: [{watch: inbox, results: results}]\n")
    return file


def commands(settings: Path) -> Iterator[Sequence[str]]:
    yield ("check", str(settings))
    yield ("status", "--config", str(settings))
    yield ("status", "--json", "--config", str(settings))
    yield ("--version",)
    yield ("retry", "--config", str(settings), "--all")


@pytest.mark.parametrize("module", ["daemon.cli.process", "daemon.service.service"])
def test_whoever_only_hands_out_photos_loads_no_picture_library(module: str) -> None:
    """It named the pipeline by importing it: half the time of a start, and 40 MB in the daemon."""
    told = f"import sys, {module}; print(*sorted(set({PICTURES!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert not ran.stdout.split()


def test_telling_loads_no_picture_library_and_nothing_that_is_for_later(settings: Path) -> None:
    for command in commands(settings):
        ran = run(command)
        loaded = ran.stdout.rpartition("LOADED")[2].split()
        assert "daemon" in loaded
        assert not {*PICTURES, *WORKING, *LATER} & set(loaded), command
        ours = [name for name in loaded if name.startswith(("daemon.", "matting."))]
        assert len(ours) <= MOST_MODULES[command[0]], command


def test_garbage_is_looked_for_again_once_all_is_loaded(settings: Path) -> None:
    """A daemon that goes on for months must not be left without."""
    assert run(("check", str(settings))).stderr == "collected\n"


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *command], capture_output=True, text=True, check=False
    )
    assert ran.returncode in {0, NO_DAEMON}, ran.stderr
    return ran


CTRL_C = """
    import os, signal, sys

    class Interrupting:
        def find_spec(self, name, *_):
            if name == "typer":
                os.kill(os.getpid(), signal.SIGINT)

    sys.meta_path.insert(0, Interrupting())
"""


def test_ctrl_c_while_the_program_is_loaded_ends_it_without_a_word(tmp_path: Path) -> None:
    """It was a traceback out of whatever was being imported."""
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(CTRL_C))
    ran = subprocess.run(
        [sys.executable, "-m", "daemon", "--version"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (-signal.SIGINT, "", "")


def test_status_and_check_take_little_of_the_processor(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled to bytecode, as pip leaves what it installs; the first run does that here."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "bytecode"))
    check, status = ("check", str(settings)), ("status", "--config", str(settings))
    libraries: tuple[str, ...] = ("-c", LIBRARIES)
    commands = (libraries, ("-m", "daemon", *check), ("-m", "daemon", *status))
    least_s = [min(took) for took in zip(*(map(cpu_s, commands) for _ in range(8)), strict=True)]
    for (command, most), took_s in zip(MOST_BY_LIBRARIES.items(), least_s[1:], strict=True):
        times = took_s / least_s[0]
        assert times < most, f"matted {command} took {times:.1f} times what its libraries take"


def cpu_s(command: Sequence[str]) -> float:
    """Processor time of Python with these arguments, of itself alone."""
    before = os.times()
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    own = after.children_user - before.children_user
    return own + after.children_system - before.children_system
