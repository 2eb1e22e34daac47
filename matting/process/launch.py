"""How an engine process is started: its interpreter, its private path, its bare environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matting
from matting.errors import EngineUnavailable

SOCKET_NAME = "engine.sock"
MAX_SOCKET_PATH_BYTES = 100
"""sockaddr_un holds 108 with the final zero; the server's temporary name is a little longer."""
PASSED_ON = {
    *("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "XDG_CACHE_HOME"),
    *("NUMBA_CACHE_DIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
}
PASSED_ON_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "TF_")


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine to run, under which interpreter, with which patience."""

    name: str
    """A key of ``matting.engines.ENGINES``, or the dotted path of an engine module."""
    options: dict[str, Any] = field(default_factory=dict)
    """The engine's own settings, JSON values; ``device`` ("auto", "gpu", "cpu") among them."""
    python: str | None = None
    """Interpreter, a path or a name on PATH; None: the one this program runs under."""
    timeout_s: float = 120.0
    """The longest that any picture may compute; a request may ask for less."""
    start_timeout_s: float = 180.0
    """From the start of the process until it is ready; loading a network takes its time."""
    extra_path: tuple[str, ...] = ()
    """More directories to import from: for engines that live outside this package."""


@dataclass(frozen=True, slots=True)
class EngineDirectories:
    """Where an engine process lives: its socket and the only directory it imports us from."""

    socket_path: Path
    path_dir: Path
    made: Path | None
    """A directory in the temporary directory that must be removed afterwards, if there is one."""


def prepare(runtime_dir: Path) -> EngineDirectories:
    """Make the engine's directories.

    A Unix socket's path may have about 107 bytes. Where ``runtime_dir`` is too long for that, a
    private directory in the system's temporary directory is made instead.
    """
    made = None
    if len(os.fsencode(runtime_dir.absolute() / SOCKET_NAME)) > MAX_SOCKET_PATH_BYTES:
        runtime_dir = made = Path(tempfile.mkdtemp(prefix="matted-", dir=_short_tmp()))
    path_dir = runtime_dir.absolute() / "path"
    path_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    link = path_dir / "matting"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(matting.__file__).resolve().parent)
    return EngineDirectories(path_dir.parent / SOCKET_NAME, path_dir, made)


def _short_tmp() -> str | None:
    """TMPDIR may be the very reason for the length."""
    return "/tmp" if len(tempfile.gettempdir()) > 60 else None  # noqa: S108 - mkdtemp within


def remove(place: EngineDirectories) -> None:
    """Remove what ``prepare`` made and the engine left."""
    place.socket_path.unlink(missing_ok=True)
    if place.made is not None:
        shutil.rmtree(place.made, ignore_errors=True)


def environment(
    spec: EngineSpec, place: EngineDirectories, outer: Mapping[str, str]
) -> dict[str, str]:
    """The engine's environment: an allow-list from ``outer``, and the private path."""
    env = {
        name: value
        for name, value in outer.items()
        if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)
    }
    env["PYTHONPATH"] = os.pathsep.join([str(place.path_dir), *spec.extra_path])
    env["PYTHONUNBUFFERED"] = "1"
    return env


def spawn(spec: EngineSpec, place: EngineDirectories, status_fd: int) -> subprocess.Popen[bytes]:
    """Start the process, in a session of its own so that it and its children end together.

    The engine asks to be killed when the THREAD that called this ends (PR_SET_PDEATHSIG), so
    call it from one that lives as long as the engine shall.

    Raises:
        EngineUnavailable: there is no such interpreter, or it cannot be started.
    """
    python = interpreter(spec)
    command = [python, "-s", "-m", "matting", "--socket", str(place.socket_path)]
    command += ["--engine", spec.name, "--options", json.dumps(spec.options)]
    try:
        return subprocess.Popen(
            [*command, "--status-fd", str(status_fd)],
            cwd=place.path_dir,
            env=environment(spec, place, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(status_fd,),
            start_new_session=True,
        )
    except OSError as error:
        raise EngineUnavailable(f"cannot start {python}: {error}") from error


def interpreter(spec: EngineSpec) -> str:
    """The absolute path of the engine's interpreter.

    Raises:
        EngineUnavailable: there is none of that name.
    """
    if spec.python is None:
        return sys.executable
    found = shutil.which(spec.python)
    if found is None:
        raise EngineUnavailable(f"engine.python: there is no program {spec.python}")
    return str(Path(found).absolute())  # not resolved: a venv's python is a symlink
