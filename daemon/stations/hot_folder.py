"""Another program's hot folder: a picture and a JSON file go in, a picture comes out of another.

What goes in is whole under its name or not there, the JSON first. Names are the task's alone, so an
answer that comes too late is this task's all the same, and one that comes twice is known.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from daemon.config.stations import HotFolder
from daemon.machine import private
from daemon.stations.task import StationAway, StationFailed, Stopped, Task

_POLL_S = 0.2
_LARGEST_BYTES = 1 << 31


def ask(task: Task, options: HotFolder, stopped: Callable[[], bool]) -> Path:
    """Put the picture there unless an answer is there already, and wait for one."""
    _demand_folders(options)
    until_s = time.monotonic() + options.timeout_s
    if _answers(task, options) is None:
        _send(task, options)
    seen: tuple[Path, tuple[int, int, int], float] | None = None
    while time.monotonic() < until_s:
        if stopped():
            raise Stopped
        answer = _answers(task, options)
        now_s = time.monotonic()
        if answer is None:
            _demand_folders(options)
            seen = None
        elif seen is None or seen[:2] != answer:
            seen = (*answer, now_s)
        elif now_s - seen[2] >= options.settle_s:
            return _taken(answer[0], task)
        time.sleep(_POLL_S)
    raise StationAway(f"no answer in {options.back} within {options.timeout_s:g} s")


def done(task: Task, options: HotFolder) -> None:
    """Remove what was sent and what came back, by the names that are this task's alone."""
    for folder in (options.to, options.back):
        with suppress(OSError):
            for name in os.listdir(folder):
                if os.path.splitext(name)[0] == task.token:
                    os.unlink(folder / name)


def _demand_folders(options: HotFolder) -> None:
    for folder in (options.to, options.back):
        if not folder.is_dir():
            raise StationAway(f"{folder} is not there")


def _send(task: Task, options: HotFolder) -> None:
    try:
        _put(options.to / f"{task.token}.json", json.dumps(dict(task.facts), indent=1).encode())
        _put(options.to / task.picture.name, task.picture.read_bytes())
    except OSError as error:
        raise StationAway(f"{options.to} cannot be written: {error.strerror}") from error


def _put(path: Path, content: bytes) -> None:
    hidden = path.with_name(f".{path.name}.part")
    try:
        hidden.write_bytes(content)
        hidden.replace(path)
    except OSError:
        with suppress(OSError):
            hidden.unlink()
        raise


def _answers(task: Task, options: HotFolder) -> tuple[Path, tuple[int, int, int]] | None:
    """The first file of the task's name, and which state it is in."""
    try:
        names = sorted(os.listdir(options.back))
    except OSError as error:
        raise StationAway(f"{options.back} cannot be read: {error.strerror}") from error
    for name in names:
        if os.path.splitext(name)[0] == task.token and not name.endswith(".json"):
            path = options.back / name
            with suppress(OSError):
                found = path.lstat()
                if found.st_size:
                    return path, (found.st_ino, found.st_size, found.st_mtime_ns)
    return None


def _taken(answer: Path, task: Task) -> Path:
    """A private copy of an answer, which may be anybody's: no link, and a file."""
    target = task.folder / f"answer{answer.suffix}"
    try:
        descriptor = os.open(answer, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as source, open(target, "wb", opener=private.opener) as copy:
            if os.fstat(descriptor).st_size > _LARGEST_BYTES:
                raise StationFailed(f"its answer has more than {_LARGEST_BYTES >> 20} MiB")
            shutil.copyfileobj(source, copy)
    except OSError as error:
        raise StationFailed(f"its answer cannot be read: {error.strerror}") from error
    return target
