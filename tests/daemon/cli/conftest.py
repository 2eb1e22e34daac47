"""``matted`` as people run it: a process of its own, in a directory of its own, on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networks
import pytest
from model_server import ModelServer
from typed_commands import SETTINGS

ROOT = Path(__file__).parents[3]
Done = subprocess.CompletedProcess[str]
Matted = Callable[..., Done]
COMMAND = [sys.executable, "-m", "daemon"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the developer's own state is touched, and what is left behind can be seen."""
    (tmp_path / "tmp").mkdir()
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(tmp_path / "state-home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "no_proxy": "*",
        "COLUMNS": "100",
        "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The directory in which commands run."""
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def matted(environment: dict[str, str], home: Path) -> Matted:
    """Run a command to its end, its output in pipes."""

    def run(*arguments: object, prefix: tuple[str, ...] = (), **more: Any) -> Done:
        done = subprocess.run(
            [*prefix, *COMMAND, *map(str, arguments)],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **more,
        )
        assert "Traceback" not in done.stderr + done.stdout
        return done

    return run


class Terminal:
    """A terminal of a given width, and all that was written to it."""

    def __init__(self, columns: int) -> None:
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._heard = bytearray()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while data := os.read(self.ours, 65536):
                self._heard += data

    def close(self) -> str:
        """Wait until nobody writes to it any more; returns all that was written."""
        os.close(self.theirs)
        self._thread.join(20)
        os.close(self.ours)
        return self._heard.decode()


@pytest.fixture
def seen() -> Callable[[str], list[str]]:
    """The lines that stay on the screen, of all that was written to it; colours left out."""
    return _seen


def _seen(written: str) -> list[str]:
    lines = []
    # The last progress bar is left by a new line, and removed by going up again.
    stays = re.sub(r"[^\n]*\r?\n[^\n]*\x1b\[1A\x1b\[2K", "", written)
    for line in stays.replace("\r\n", "\n").split("\n"):
        # What stands before a carriage return or an erasure was a progress bar.
        shown = re.split(r"\r|\x1b\[2K", line)[-1]
        lines.append(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    return [line for line in lines if line.strip()]


@pytest.fixture
def on_terminal(environment: dict[str, str], home: Path) -> Callable[..., tuple[int, str]]:
    """Run a command on a terminal; with ``stdout`` given, only standard error is on it."""

    def run(*arguments: object, columns: int = 80, stdout: Any = None) -> tuple[int, str]:
        terminal = Terminal(columns)
        own = {k: v for k, v in environment.items() if k not in {"COLUMNS", "NO_COLOR"}}
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=home,
            env=own | {"TERM": "xterm-256color"},
            stdin=terminal.theirs,
            stdout=terminal.theirs if stdout is None else stdout,
            stderr=terminal.theirs,
            check=False,
            timeout=120,
        )
        return done.returncode, terminal.close()

    return run


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(networks.same()) as made:
        yield made


@pytest.fixture
def store(home: Path, environment: dict[str, str]) -> Path:
    """Where the commands keep their models; own networks are in matted.yaml."""
    environment["XDG_DATA_HOME"] = str(home / "data")
    environment["MATTED_MODELS"] = str(home / "shared")
    (home / "matted.yaml").write_text(SETTINGS)
    return home / "state" / "models"
