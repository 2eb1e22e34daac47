"""A command that is given the names of files, and writes its answer to one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from daemon.config.stations import Program
from daemon.machine.command import run
from daemon.stations.task import StationAway, StationFailed, Stopped, Task

_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH",
)  # fmt: skip


def ask(task: Task, options: Program, stopped: Callable[[], bool]) -> Path:
    """Run it to its end; the answer is the file that it was told, whatever it said."""
    answer = task.folder / "answer.png"
    named = {"{picture}": task.picture, "{answer}": answer, "{matte}": task.matte}
    command = [_filled(part, named) for part in options.command]
    execute(command, task, options.timeout_s, stopped)
    if not answer.is_file() or answer.is_symlink() or not answer.stat().st_size:
        raise StationFailed("it ended well and wrote no answer")
    return answer


def done(task: Task, options: Program) -> None:
    """All that it was given lies in the task's own folder."""


def execute(
    command: Sequence[str], task: Task, timeout_s: float, stopped: Callable[[], bool]
) -> None:
    """Run a command with what is told of the photo on its standard input.

    Raises:
        StationAway: it cannot be started.
        StationFailed: it ended badly, or was killed at its deadline with all that it started.
        Stopped: we were told to end.
    """
    ended = run(
        command,
        json.dumps(dict(task.facts)).encode() + b"\n",
        environment={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        timeout_s=timeout_s,
        stopped=stopped,
    )
    if ended.stopped:
        raise Stopped
    if ended.code is None:
        raise StationAway(f"{command[0]} {ended.reason}")
    if ended.reason is not None:
        raise StationFailed(
            f"{command[0]} {ended.reason}" + (f": {ended.said}" if ended.said else "")
        )


def _filled(part: str, named: dict[str, Path | None]) -> str:
    for placeholder, path in named.items():
        if placeholder in part:
            if path is None:
                raise StationFailed("its command wants the matte, and the profile files none")
            part = part.replace(placeholder, os.fspath(path))
    return part
