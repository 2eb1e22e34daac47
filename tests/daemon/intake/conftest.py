"""A folder to be claimed, and a process that holds it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from claims import HOLD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return tmp_path / "in"


@pytest.fixture
def hold(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Another process with a claim."""
    started = []

    def start(owner: str = "other", prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        places = [str(folder), str(folder.parent / "out")]
        command = [*prefix, sys.executable, "-c", HOLD, *places, owner]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()
