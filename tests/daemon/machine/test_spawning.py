"""Processes that are stopped while they start."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

STARTING = """
    import os, pathlib, signal, sys, time
    if "--multiprocessing-fork" in sys.argv:
        try:
            os.mkdir(os.environ["FIRST"])
        except FileExistsError:
            time.sleep(1.5)
        else:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            pathlib.Path(os.environ["READY"]).touch()
"""
"""Python runs it as it starts: the first process takes its time to end, the second one is late."""
STOPPED = """
    import os, pathlib, sys, time
    from daemon.web import pictures
    from daemon.work.workers import Workers

    def work(job):
        return None

    def photos():
        workers = Workers(work, count=2, timeout_s=60, wake=lambda: None)
        workers.begin()
        return workers.stop

    def page():
        pool = pictures._new_pool()
        def stop():
            pool.stop()
            pool.join()
        return stop

    if __name__ == "__main__":
        stop = {"photos": photos, "page": page}[sys.argv[1]]()
        while not pathlib.Path(os.environ["READY"]).exists():
            time.sleep(0.01)
        stop()
"""


@pytest.mark.parametrize("whose", ["photos", "page"])
def test_who_is_stopped_while_it_starts_says_nothing(tmp_path: Path, whose: str) -> None:
    """It ended with `FileNotFoundError` out of a lock, and a traceback on the user's terminal."""
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(STARTING))
    program = tmp_path / "stopped.py"
    program.write_text(textwrap.dedent(STOPPED))
    paths = f"{tmp_path}{os.pathsep}{Path(__file__).parents[3]}"
    places = {"FIRST": str(tmp_path / "first"), "READY": str(tmp_path / "ready")}
    ran = subprocess.run(
        [sys.executable, program, whose],
        env=os.environ | places | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
