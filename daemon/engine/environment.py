"""Run one of matting's modules where a framework is that the program itself does not have."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from daemon.errors import NoEngine
from matting import errors
from matting.process import launch


def run_elsewhere(module: str, arguments: list[str], python: str | None) -> str:
    """Run ``python -m module`` as engines are run: alone with matting, in a bare environment.

    Args:
        module: that has a ``main``.
        arguments: paths have to be absolute.
        python: interpreter, a path or a name on PATH; None: the program's own.

    Returns:
        What it said on standard output.

    Raises:
        NoEngine: with the last line that it said on standard error.
    """
    spec = launch.EngineSpec(module, python=python)
    with TemporaryDirectory(prefix="matted-") as directory:
        place = launch.prepare(Path(directory))
        try:
            done = subprocess.run(
                [launch.interpreter(spec), "-s", "-m", module, *arguments],
                cwd=place.path_dir,
                env=launch.environment(spec, place, os.environ),
                capture_output=True,
                text=True,
                check=False,
            )
        except (errors.EngineUnavailable, OSError) as error:
            raise NoEngine(str(error)) from error
        finally:
            launch.remove(place)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
        raise NoEngine(said[-1])
    return done.stdout.strip()
