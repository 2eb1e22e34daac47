"""Programs that take a folder of pictures and fill another: GPEN, GFPGAN, CodeFormer.

They write more than the answer: faces by themselves, comparisons, the cropped input. GPEN puts
the whole picture into the folder itself, GFPGAN into ``restored_imgs``, CodeFormer into
``final_results``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from daemon.config.stations import Gpen
from daemon.stations.program import execute
from daemon.stations.task import StationFailed, Task

_WHOLE = ("final_results", "restored_imgs")
_PARTS = ("cropped_faces", "restored_faces", "cmp")
_ENDINGS = ("_COMP", "_face", "_cmp")
_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"}


def ask(task: Task, options: Gpen, stopped: Callable[[], bool]) -> Path:
    """Run it on a folder with this one picture."""
    given, back = task.folder / "in", task.folder / "out"
    for folder in (given, back):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    shutil.copyfile(task.picture, given / task.picture.name)
    in_flag, out_flag = options.flags
    command = [*options.command, in_flag, str(given), out_flag, str(back)]
    execute(command, task, options.timeout_s, stopped)
    found = sorted(filter(None, (_ranked(path, back, task.token) for path in back.rglob("*"))))
    if not found:
        raise StationFailed("it ended well and wrote no picture of that name")
    return found[0][1]


def done(task: Task, options: Gpen) -> None:
    """All that it was given lies in the task's own folder."""


def _ranked(path: Path, back: Path, token: str) -> tuple[int, Path] | None:
    """How sure it is that a file is the answer, least first; None for what is none."""
    above = path.relative_to(back).parts[:-1]
    rest = path.stem.removeprefix(token)
    is_picture = path.suffix.lower() in _PICTURES and path.is_file() and not path.is_symlink()
    if not is_picture or not path.stem.startswith(token) or set(above) & set(_PARTS):
        return None
    if any(ending in rest for ending in _ENDINGS):
        return None
    return (0 if set(above) & set(_WHOLE) else 1) + (2 if rest else 0), path
